import { setTimeout } from "node:timers/promises";

/** Time, injected so that tests decide when it passes. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, for people and records. It jumps when somebody sets the clock. */
  now(): number;
  /** Whole milliseconds since some moment, never going back and never jumping: for deadlines and durations. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => Math.floor(performance.now()),
  async sleep(ms, signal) {
    await setTimeout(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error;
    });
  },
};
