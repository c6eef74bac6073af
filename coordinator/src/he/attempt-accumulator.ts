import {
  type EncryptedRoundConfig,
  heParametersOf,
  type MaskSeeds,
  valueCountOf,
} from "@chorus/aggregation";
import { HeError } from "@chorus/aggregation/he";
import type { Logger } from "pino";
import type { RoundMetrics } from "../metrics.ts";
import type { Checked, Ciphertexts, EncryptedAccumulator } from "../round/encrypted-accumulator.ts";
import { RoundError } from "../round/error.ts";
import { SumThread } from "./sum-thread.ts";

/** What a sum's thread runs. */
export const sumScript: URL = new URL("./worker.ts", import.meta.url);

/** What the participants of an attempt are told whose sum is lost. */
const LOST = "the encrypted sum was lost: its thread ended";

/** An attempt's encrypted sum: has a thread from its preparation on, until the masks are off or it is disposed. */
export class AttemptAccumulator implements EncryptedAccumulator, AsyncDisposable {
  readonly #script: URL;
  readonly #deps: { readonly metrics: RoundMetrics; readonly log: Logger };
  readonly #lost = new AbortController();
  #running: SumThread | undefined;
  #isDisposed = false;

  constructor(script: URL, dependencies: { readonly metrics: RoundMetrics; readonly log: Logger }) {
    this.#script = script;
    this.#deps = dependencies;
  }

  /** Aborts, with a text for participants, when the thread has ended by itself: there is no sum any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  prepare(config: EncryptedRoundConfig): void {
    this.#thread(config);
  }

  async check(config: EncryptedRoundConfig, ciphertexts: Ciphertexts): Promise<Checked> {
    const answer = await this.#unlessEnded(config, (thread) =>
      thread.ask<"check">({ kind: "check", ciphertexts }, [ciphertexts.buffer], this.lost),
    );
    if (answer === undefined) throw new RoundError("wrong-phase", LOST);
    const { checked } = answer;
    if ("code" in checked) throw new HeError(checked.code, checked.message);
    return checked;
  }

  async add(config: EncryptedRoundConfig, ciphertexts: Checked): Promise<void> {
    const answer = await this.#unlessEnded(config, (thread) =>
      thread.ask<"add">({ kind: "add", ciphertexts }, [ciphertexts.buffer], this.lost),
    );
    if (answer !== undefined) this.#deps.metrics.encryptedAddSeconds.observe(answer.seconds);
  }

  async takeOff(
    config: EncryptedRoundConfig,
    masks: MaskSeeds,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    try {
      const either = AbortSignal.any([signal, this.lost]);
      const thread = this.#thread(config);
      const { encryptedSum } = await thread.ask<"take-off">(
        { kind: "take-off", masks },
        [],
        either,
      );
      // Participants may take long to open it, and there is nothing left to add to.
      await this[Symbol.asyncDispose]();
      return encryptedSum;
    } finally {
      masks.added.fill(0);
      masks.subtracted.fill(0);
    }
  }

  /** Ends the thread with all that it holds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#running?.[Symbol.asyncDispose]();
  }

  /** What the thread answers; undefined when it has ended. */
  async #unlessEnded<T>(
    config: EncryptedRoundConfig,
    ask: (thread: SumThread) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#isDisposed) return undefined;
    const thread = this.#thread(config);
    try {
      return await ask(thread);
    } catch (error) {
      if (thread.ended.aborted) return undefined;
      throw error;
    }
  }

  /** The thread, which is started at first. Throws when it would be too late for one: a bug. */
  #thread(config: EncryptedRoundConfig): SumThread {
    if (this.#running !== undefined) return this.#running;
    if (this.#isDisposed) throw new Error("the sum of an attempt that is over has no thread");
    const task = { parameters: heParametersOf(config), valueCount: valueCountOf(config) };
    const thread = new SumThread(this.#script, task);
    thread.ended.addEventListener("abort", () => this.#end(thread.ended.reason), { once: true });
    this.#running = thread;
    return thread;
  }

  #end(reason: unknown): void {
    if (this.#isDisposed) return;
    this.#lost.abort(LOST);
    this.#deps.log.error({ err: reason }, "the thread of an encrypted sum ended");
  }
}
