import { getBackend } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { BackendName, OpenBackend } from "./backend.ts";

/** A backend that lives in this process' memory: nothing has to be freed, and only compiled code that stops itself can be lost. */
export class SteadyBackend implements OpenBackend {
  readonly name: BackendName;
  readonly device: string;
  readonly isSoftware = false;
  readonly #failing = new AbortController();

  constructor(name: BackendName, device: string) {
    this.name = name;
    this.device = device;
  }

  get failed(): AbortSignal {
    return this.#failing.signal;
  }

  async use<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.failed.throwIfAborted();
    requireSelected(this.name);
    try {
      return await work(AbortSignal.any([signal, this.failed]));
    } catch (cause) {
      if (!isTrap(cause)) throw cause;
      // What it was doing is half done: its memory is not to be trusted any more.
      this.#failing.abort(
        new ClientError(
          "backend-failed",
          `the backend ${this.name} failed, most likely out of memory: ${cause.message}. ` +
            "Wanted a smaller batchSize or model; this process has to be restarted",
          { cause },
        ),
      );
      throw this.failed.reason;
    }
  }

  [Symbol.dispose](): void {}
}

/** Whether WebAssembly stopped: an access beyond its memory, or emscripten's abort where there is no more of it. */
function isTrap(error: unknown): error is Error {
  // Node's types do not have the class, whose name no other has.
  return error instanceof Error && error.name === "RuntimeError";
}

/** TensorFlow.js computes everything of a process on one backend. Throws an Error where that is another one by now. */
export function requireSelected(name: BackendName): void {
  if (getBackend() === name) return;
  throw new Error(`the process computes on the backend ${getBackend()} by now, not on ${name}`);
}
