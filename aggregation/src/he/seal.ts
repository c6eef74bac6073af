import { readFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";
// biome-ignore lint/style/noRestrictedImports: this is the file that may.
import openModule, { type ClassHandle, type MainModule, type SEALContext } from "node-seal";
import { HeError } from "./he-error.ts";

// The one importer of node-seal: its types have names of ours here, and nobody else's names are used elsewhere.

/** The functions of an instance. */
export type SealModule = MainModule;

/** What lives in an instance's memory, until it is deleted. */
export type SealHandle = ClassHandle;

/** An instance's own context. */
export type NativeContext = SEALContext;

/**
 * One instance of SEAL in WebAssembly memory of its own. Not for more than one thread. Whatever SEAL refuses ends the
 * instance: {@link HeError} `he-failed` once, `instance-lost` from then on, its memory overwritten. SEAL draws its
 * randomness from `crypto.getRandomValues`; opening reads node-seal's own file.
 */
export class Seal implements Disposable {
  readonly #module: MainModule;
  readonly #memory: WebAssembly.Memory;
  #isLost = false;

  private constructor(module: MainModule, memory: WebAssembly.Memory) {
    this.#module = module;
    this.#memory = memory;
  }

  /** A new instance: about 40 ms, 16 MiB. Rejects with {@link HeError} `he-failed` where it does not load. */
  static async open(): Promise<Seal> {
    try {
      const compiled = await WebAssembly.compile(await readFile(wasmFile()));
      const { promise, resolve, reject } = Promise.withResolvers<WebAssembly.Memory>();
      const instantiateWasm = (
        imports: unknown,
        done: (instance: WebAssembly.Instance) => void,
      ) => {
        const instantiated = WebAssembly.instantiate(compiled, imports).then((instance) => {
          resolve(memoryOf(instance));
          done(instance);
        });
        instantiated.catch(reject);
        return {};
      };
      const [memory, module] = await Promise.all([promise, openModule({ instantiateWasm })]);
      return new Seal(module, memory);
    } catch (cause) {
      throw new HeError("he-failed", `SEAL does not load: ${textOf(cause)}`, { cause });
    }
  }

  /** Whether it failed or was disposed of. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Bytes of its memory, which never shrinks. */
  get heapBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Runs `work` on the module. Throws {@link HeError} as above. For `SealContext` and `SealTask`. */
  call<T>(work: (module: MainModule) => T): T {
    if (this.#isLost)
      throw new HeError("instance-lost", "the instance of SEAL is of no use any more");
    try {
      return work(this.#module);
    } catch (cause) {
      // Not SEAL's, but of what was called on the way, and before SEAL.
      if (cause instanceof HeError) throw cause;
      this[Symbol.dispose]();
      throw new HeError("he-failed", `SEAL: ${textOf(cause)}`, { cause });
    }
  }

  /** Deletes what lives in the memory, unless the memory is gone as a whole. */
  release(handles: readonly SealHandle[]): void {
    if (this.#isLost) return;
    this.call(() => {
      for (const handle of handles) handle.delete();
    });
  }

  /** Overwrites the memory, keys included. */
  [Symbol.dispose](): void {
    this.#isLost = true;
    new Uint8Array(this.#memory.buffer).fill(0);
  }
}

function wasmFile(): URL {
  const manifest = findPackageJSON("node-seal", import.meta.url);
  if (manifest === undefined) throw new Error("node-seal is not installed");
  return new URL("dist/seal_throws.wasm", pathToFileURL(manifest));
}

function memoryOf({ exports }: WebAssembly.Instance): WebAssembly.Memory {
  const memory = Object.values(exports as object).find(
    (value) => value instanceof WebAssembly.Memory,
  );
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new Error("the module exports no memory");
}

/** SEAL's own errors are no instances of Error: their message is a pair, type and text. */
function textOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message;
  if (typeof cause !== "object" || cause === null || !("message" in cause)) return String(cause);
  return Array.isArray(cause.message) ? cause.message.join(": ") : String(cause.message);
}
