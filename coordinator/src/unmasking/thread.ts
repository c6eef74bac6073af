import { Worker } from "node:worker_threads";
import type { UnmaskingPart } from "@chorus/aggregation";

type Words = Uint32Array<ArrayBuffer>;

/** A worker thread that unmasks one part at a time. It is of no use any more once {@link run} has rejected. */
export class UnmaskingThread implements AsyncDisposable {
  readonly #worker: Worker;
  /** Aborted with why the thread ended, however it did. */
  readonly #ended = new AbortController();

  /** `script`: what the thread runs; it answers each part with its words. */
  constructor(script: URL) {
    this.#worker = new Worker(script, { name: "unmasking" });
    this.#worker.on("error", (cause) =>
      this.#ended.abort(new Error("an unmasking thread failed", { cause })),
    );
    this.#worker.on("exit", (code) =>
      this.#ended.abort(new Error(`an unmasking thread ended with code ${code}`)),
    );
  }

  /**
   * Takes the part's buffers over; resolves with its words, unmasked. Rejects when the thread failed, and with the
   * signal's reason: what is under way ends with the thread only.
   */
  async run({ words, masks, firstWord }: UnmaskingPart, signal: AbortSignal): Promise<Words> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    either.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Words>();
    const abort = () => reject(either.reason);
    either.addEventListener("abort", abort, { once: true });
    this.#worker.once("message", resolve);
    try {
      const transfer = [words.buffer, masks.added.buffer, masks.subtracted.buffer];
      this.#worker.postMessage({ words, masks, firstWord }, transfer);
      return await promise;
    } finally {
      either.removeEventListener("abort", abort);
      this.#worker.off("message", resolve);
    }
  }

  /** Ends the thread at once, with all that it holds. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
