import { findBackendFactory, removeBackend } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { BackendName, OpenBackend } from "./backend.ts";
import { requireSelected } from "./steady-backend.ts";

/** What a device is made of. */
export interface DeviceOptions {
  readonly name: BackendName;
  readonly device: string;
  readonly isSoftware: boolean;
  /** How long work may go on after an abort before the device counts as failed; by default 5 s. */
  readonly graceMs?: number;
  /** Frees the device, after TensorFlow.js has forgotten it. */
  free(): void;
}

/** A step of a large model on a slow device ends within this time: what takes longer hangs. */
const GRACE_MS = 5000;

/** A backend on a device that can be lost, with a driver that can fail. */
export class DeviceBackend implements OpenBackend {
  readonly name: BackendName;
  readonly device: string;
  readonly isSoftware: boolean;
  readonly #graceMs: number;
  readonly #free: () => void;
  readonly #failing = new AbortController();
  #isClosed = false;

  constructor({ name, device, isSoftware, graceMs = GRACE_MS, free }: DeviceOptions) {
    this.name = name;
    this.device = device;
    this.isSoftware = isSoftware;
    this.#graceMs = graceMs;
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
      return await this.#orFailed(work(either), signal);
    } catch (cause) {
      if (signal.aborted && this.failed.aborted) throw signal.reason;
      if (signal.aborted || cause instanceof ClientError) throw cause;
      // Some of Dawn's errors say nothing.
      this.fail(cause instanceof Error ? cause.message || cause.name : String(cause), { cause });
      throw this.failed.reason;
    }
  }

  /**
   * What `work` comes to, or why the device failed where it does so first: what waits for a lost device may wait for ever. So may
   * what waits for one that hangs: that has failed where the work does not end after an abort.
   */
  async #orFailed<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const text = `it hangs: its work did not end within ${this.#graceMs} ms of being called off`;
    using stack = new DisposableStack();
    stack.use(hear(this.failed, () => reject(this.failed.reason)));
    const giveUp = () => {
      stack.adopt(
        setTimeout(() => this.fail(text), this.#graceMs),
        clearTimeout,
      );
    };
    stack.use(hear(signal, giveUp));
    return await Promise.race([work, promise]);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.fail("it is closed");
    this.#isClosed = true;
    if (findBackendFactory(this.name) !== null) removeBackend(this.name);
    this.#free();
  }
}

/** Calls a listener at an abort, also one that was before; not any more once disposed. */
function hear(signal: AbortSignal, listener: () => void): Disposable {
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}
