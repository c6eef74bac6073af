import { RandomNumbers, type RandomSource } from "@chorus/aggregation";

/** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted before. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** The longest first wait. */
const FIRST_MS = 500;
/** The longest wait of all. */
const LONGEST_MS = 30_000;

/**
 * Waits between attempts: each is a random share of a limit that doubles from 0.5 s to 30 s, so that participants who lost
 * the same coordinator do not come back at once. Source: AWS Architecture Blog 2015, "Exponential Backoff And Jitter", full jitter.
 */
export class Backoff {
  readonly #random: RandomNumbers;
  readonly #sleep: Sleep;
  #limitMs = FIRST_MS;

  constructor({ random, sleep }: { readonly random: RandomSource; readonly sleep: Sleep }) {
    this.#random = new RandomNumbers(random);
    this.#sleep = sleep;
  }

  /** Waits before the next attempt. Rejects with the signal's reason when aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    const limitMs = this.#limitMs;
    this.#limitMs = Math.min(2 * limitMs, LONGEST_MS);
    await this.#sleep(limitMs * this.#random.unit(), signal);
  }

  /** An attempt succeeded: the next wait is short again. */
  reset(): void {
    this.#limitMs = FIRST_MS;
  }
}
