import { availableParallelism } from "node:os";
import { splitUnmasking, type UnmaskingJob, type UnmaskingPart } from "@chorus/aggregation";
import type { Logger } from "pino";
import { Notifier } from "../notifier.ts";
import { copyMasks, maskWordsOf, runOnThisThread, wipeMasks } from "./on-this-thread.ts";
import { UnmaskingThread } from "./thread.ts";

/** What a pool may use. */
export interface UnmaskingLimits {
  /** Threads at once, 1 or more. */
  readonly threads: number;
  /** Words of masks from which on a job goes to threads. */
  readonly largeMaskWords: number;
  /** What a thread runs. */
  readonly script: URL;
}

/**
 * One thread per core but one, which serves calls. Measured on two busy cores: up to 2 million words, giving a job away
 * costs this thread as much as doing it; 4 million keep it from serving for 6 ms, and the first thread starts in 600 ms.
 */
export const defaultLimits: UnmaskingLimits = {
  threads: Math.max(1, availableParallelism() - 1),
  largeMaskWords: 4_000_000,
  script: new URL("./worker.ts", import.meta.url),
};

/** Runs unmasking jobs on worker threads, which it starts when they are first needed and keeps until it is disposed. */
export class UnmaskingPool implements AsyncDisposable {
  readonly #limits: UnmaskingLimits;
  readonly #log: Logger;
  readonly #idle: UnmaskingThread[] = [];
  readonly #released = new Notifier();
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #busy = 0;

  constructor(limits: UnmaskingLimits, { log }: { readonly log: Logger }) {
    if (!Number.isInteger(limits.threads) || limits.threads < 1)
      throw new RangeError(`threads is ${limits.threads}, wanted an integer from 1`);
    this.#limits = limits;
    this.#log = log;
  }

  /**
   * Takes the masks off a job's words, in place, and wipes the masks whatever happens. A small job is run on this thread;
   * the part of one whose thread fails is run again on this thread, once. Rejects with what that throws, and with the
   * signal's reason: nothing of the job runs any more then, and its words are of no use.
   */
  async run(job: UnmaskingJob, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const running = this.#run(job, either).finally(() => wipeMasks(job));
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Ends all jobs, which reject, and all threads. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error("the unmasking threads are closed"));
    await Promise.allSettled(this.#running);
    await Promise.all(this.#idle.map((thread) => thread[Symbol.asyncDispose]()));
  }

  async #run(job: UnmaskingJob, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (maskWordsOf(job) < this.#limits.largeMaskWords) return runOnThisThread(job, signal);
    const kept = { ...job, masks: copyMasks(job) };
    const parts = splitUnmasking(job, this.#limits.threads);
    const runs = parts.map((part) => this.#runPart(part, kept, signal));
    const ended = await Promise.allSettled(runs);
    wipeMasks(kept);
    for (const run of ended) if (run.status === "rejected") throw run.reason;
  }

  /** Runs a part of a job, and puts what comes out into the job's words. */
  async #runPart(part: UnmaskingPart, job: UnmaskingJob, signal: AbortSignal): Promise<void> {
    const first = part.firstWord - job.firstWord;
    const words = job.words.subarray(first, first + part.words.length);
    const { firstWord } = part;
    try {
      words.set(await this.#runOnThread(part, signal));
    } catch (error) {
      // A thread that was given the part has ended with it.
      if (!part.words.buffer.detached) wipeMasks(part);
      signal.throwIfAborted();
      this.#log.error({ err: error }, "an unmasking thread failed, the main thread does its part");
      await runOnThisThread({ firstWord, words, masks: copyMasks(job) }, signal);
    }
  }

  /** Waits for a free thread. One that failed, or whose work is not wanted any more, is ended. */
  async #runOnThread(part: UnmaskingPart, signal: AbortSignal): Promise<Uint32Array> {
    while (this.#busy === this.#limits.threads) await this.#released.next(signal);
    this.#busy += 1;
    try {
      await using failed = new AsyncDisposableStack();
      const thread = failed.use(this.#idle.pop() ?? new UnmaskingThread(this.#limits.script));
      const words = await thread.run(part, signal);
      failed.move();
      this.#idle.push(thread);
      return words;
    } finally {
      this.#busy -= 1;
      this.#released.notify();
    }
  }
}
