import { ClientError } from "../../error.ts";

/** The linear memory of the WASM backend and its allocator. Addresses are below 2^32. */
export interface Heap {
  readonly memory: WebAssembly.Memory;
  /** Address of `bytes` bytes. Throws {@link ClientError} `backend-failed` when the memory cannot grow any more. */
  allocate(bytes: number): number;
  free(address: number): void;
}

/** What of emscripten's module is used. It keeps the exports of the compiled code, the memory among them, as `asm`. */
interface EmscriptenModule {
  readonly asm: { readonly memory: WebAssembly.Memory };
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/**
 * The heap of a backend that has been started. Throws {@link ClientError} `backend-failed` for a backend that is built
 * otherwise than that of TensorFlow.js 4.22.
 */
export function heapOf(backend: object): Heap {
  const module: unknown = "wasm" in backend ? backend.wasm : undefined;
  if (!isEmscriptenModule(module)) {
    throw new ClientError(
      "backend-failed",
      "the WASM backend does not show its memory, wanted that of TensorFlow.js 4.22",
    );
  }
  return {
    memory: module.asm.memory,
    allocate: (bytes) => {
      // A signed integer, and 0 where there is no memory. Larger arguments would be taken modulo 2^32.
      const address = bytes < 2 ** 32 ? module._malloc(bytes) >>> 0 : 0;
      if (address !== 0) return address;
      throw new ClientError(
        "backend-failed",
        `the WASM backend has no memory for ${bytes} bytes: a smaller batchSize or model needs less`,
      );
    },
    free: (address) => module._free(address),
  };
}

function isEmscriptenModule(module: unknown): module is EmscriptenModule {
  if (typeof module !== "object" || module === null) return false;
  if (!("asm" in module && "_malloc" in module && "_free" in module)) return false;
  const { asm } = module;
  return (
    typeof asm === "object" &&
    asm !== null &&
    "memory" in asm &&
    asm.memory instanceof WebAssembly.Memory &&
    typeof module._malloc === "function" &&
    typeof module._free === "function"
  );
}
