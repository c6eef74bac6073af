import type { Clock } from "@chorus/coordinator";

interface Sleeper {
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

/** A coordinator's clock that stands still until a test moves it: no deadline passes by itself. */
export class TestClock implements Clock {
  #nowMs = 1_700_000_000_000;
  readonly #sleepers = new Set<Sleeper>();

  now(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { wakesAtMs: this.#nowMs + ms, wake: resolve };
    const abort = () => reject(signal.reason);
    this.#sleepers.add(sleeper);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#sleepers.delete(sleeper);
    }
  }

  /** Lets `ms` milliseconds pass at once. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const { wakesAtMs, wake } of this.#sleepers) if (wakesAtMs <= this.#nowMs) wake();
  }
}
