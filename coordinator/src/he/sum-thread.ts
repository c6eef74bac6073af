import { Worker } from "node:worker_threads";
import type { SumAnswer, SumRequest, SumTask } from "./sum-messages.ts";

type Kind = SumRequest["kind"];
type AnswerTo<K extends Kind> = Extract<
  SumAnswer,
  { kind: { check: "checked"; add: "added"; "take-off": "taken-off" }[K] }
>;

/** The worker thread of one encrypted sum. */
export class SumThread implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #ended = new AbortController();
  readonly #waiting = new Map<number, (answer: SumAnswer) => void>();
  #lastId = 0;

  /** `script`: what the thread runs. */
  constructor(script: URL, task: SumTask) {
    this.#worker = new Worker(script, { name: "encrypted sum", workerData: task });
    this.#worker.on("message", (answer: SumAnswer) => this.#waiting.get(answer.id)?.(answer));
    this.#worker.on("error", (cause) =>
      this.#ended.abort(new Error("the thread of an encrypted sum failed", { cause })),
    );
    this.#worker.on("exit", (code) =>
      this.#ended.abort(new Error(`the thread of an encrypted sum ended with code ${code}`)),
    );
  }

  /** Aborts, with why, when the thread has ended, however it did. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Asks the thread, which answers in the order in which it was asked. Rejects with why the thread ended before, and with the signal's reason. */
  async ask<K extends Kind>(
    request: Omit<Extract<SumRequest, { kind: K }>, "id">,
    transfer: readonly ArrayBuffer[],
    signal: AbortSignal,
  ): Promise<AnswerTo<K>> {
    const either = AbortSignal.any([signal, this.ended]);
    either.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<SumAnswer>();
    const abort = () => reject(either.reason);
    either.addEventListener("abort", abort, { once: true });
    this.#waiting.set(id, resolve);
    this.#worker.postMessage({ ...request, id }, transfer);
    try {
      return (await promise) as AnswerTo<K>;
    } finally {
      either.removeEventListener("abort", abort);
      this.#waiting.delete(id);
    }
  }

  /** Ends the thread at once, with all that it holds. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
