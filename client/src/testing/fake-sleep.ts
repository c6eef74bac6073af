import type { Sleep } from "../backoff.ts";

/** Waits as long as this or longer are deadlines and end only when the test says so; shorter ones end at once. */
const LONG_MS = 30_000;

/** Time that passes when a test wants it to. */
export class FakeSleep {
  /** Every short wait so far, in milliseconds. */
  readonly shortWaits: number[] = [];
  readonly #long = new Map<() => void, number>();

  readonly sleep: Sleep = async (ms, signal) => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (ms < LONG_MS) {
      this.shortWaits.push(ms);
      setImmediate(resolve);
    } else this.#long.set(resolve, ms);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#long.delete(resolve);
    }
  };

  /** Long waits that somebody is in, in milliseconds. */
  get longWaits(): number[] {
    return [...this.#long.values()];
  }

  /** Ends the long waits of exactly this many milliseconds. */
  elapse(ms: number): void {
    for (const [resolve, wait] of this.#long) if (wait === ms) resolve();
  }
}
