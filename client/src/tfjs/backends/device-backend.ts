import { findBackendFactory, removeBackend } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { BackendName, OpenBackend } from "./backend.ts";
import { requireSelected } from "./steady-backend.ts";

/** What a device is made of. */
export interface DeviceOptions {
  readonly name: BackendName;
  readonly device: string;
  readonly isSoftware: boolean;
  /** Frees the device, after TensorFlow.js has forgotten it. */
  free(): void;
}

/** A backend on a device that can be lost, with a driver that can fail. */
export class DeviceBackend implements OpenBackend {
  readonly name: BackendName;
  readonly device: string;
  readonly isSoftware: boolean;
  readonly #free: () => void;
  readonly #failing = new AbortController();
  #isClosed = false;

  constructor({ name, device, isSoftware, free }: DeviceOptions) {
    this.name = name;
    this.device = device;
    this.isSoftware = isSoftware;
    this.#free = free;
  }

  get failed(): AbortSignal {
    return this.#failing.signal;
  }

  /** The device is not to be used any more. Nothing where it is closed already, or has failed before. */
  fail(message: string, options?: ErrorOptions): void {
    if (this.#isClosed || this.failed.aborted) return;
    const text = `the backend ${this.name} on ${this.device} failed: ${message}`;
    this.#failing.abort(new ClientError("backend-failed", text, options));
  }

  async use<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.failed.throwIfAborted();
    requireSelected(this.name);
    const either = AbortSignal.any([signal, this.failed]);
    try {
      return await orFailed(work(either), this.failed);
    } catch (cause) {
      if (signal.aborted || cause instanceof ClientError) throw cause;
      // Some of Dawn's errors say nothing.
      this.fail(cause instanceof Error ? cause.message || cause.name : String(cause), { cause });
      throw this.failed.reason;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.fail("it is closed");
    this.#isClosed = true;
    if (findBackendFactory(this.name) !== null) removeBackend(this.name);
    this.#free();
  }
}

/** What `work` comes to, or the signal's reason where that aborts first: what waits for a lost device may wait for ever. */
async function orFailed<T>(work: Promise<T>, failed: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const fail = () => reject(failed.reason);
  failed.addEventListener("abort", fail, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    failed.removeEventListener("abort", fail);
  }
}
