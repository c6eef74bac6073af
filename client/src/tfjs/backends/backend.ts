import type { ClientError } from "../../error.ts";

/**
 * What TensorFlow.js computes on, in the order in which it is tried: "tensorflow" is the native library where somebody
 * installed it, "webgpu" a graphics processor, "wasm" our own kernels, which run everywhere, and "cpu" plain JavaScript: the
 * reference that the others are compared with, hundreds of times slower. Also the names that TensorFlow.js knows them by.
 */
export type BackendName = "tensorflow" | "webgpu" | "wasm" | "cpu";

export const BACKEND_NAMES: readonly BackendName[] = ["tensorflow", "webgpu", "wasm", "cpu"];

/** One rung of the ladder of backends. */
export interface Rung {
  readonly name: BackendName;
  /**
   * Starts the backend and selects it for the whole process. Throws {@link ClientError} `backend-failed` where this machine
   * has none, in words that say what to do; the signal's reason when aborted.
   */
  open(signal: AbortSignal): Promise<OpenBackend>;
}

/** A backend that has been started. Disposing it frees its device; it is not opened again in this process then. */
export interface OpenBackend extends Disposable {
  readonly name: BackendName;
  /** What computes, for people. */
  readonly device: string;
  /** Whether the device is a program that pretends to be a graphics processor: right, but slower than any other rung. */
  readonly isSoftware: boolean;
  /** Aborts with a {@link ClientError} `backend-failed` once the device is lost; never for "wasm" and "cpu". */
  readonly failed: AbortSignal;
  /**
   * Does work that computes on the device. Where the device is lost meanwhile, or throws anything but a {@link ClientError}, it
   * counts as failed from then on, and the call rejects with the reason. `work` gets a signal that aborts then, too.
   */
  use<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}
