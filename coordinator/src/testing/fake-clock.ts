import type { Clock } from "../clock.ts";

interface Sleeper {
  readonly wakesAtMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #passedMs = 0;
  #startedAtMs = 1_700_000_000_000;
  #sleepers: Sleeper[] = [];

  now(): number {
    return this.#startedAtMs + this.#passedMs;
  }

  monotonicMs(): number {
    return this.#passedMs;
  }

  /** Sleepers whose time has not come. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { wakesAtMs: this.#passedMs + ms, wake: resolve };
    this.#sleepers.push(sleeper);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    }
  }

  /** Lets `ms` milliseconds pass, waking whoever's time has come, in order. */
  advance(ms: number): void {
    this.#passedMs += ms;
    const due = this.#sleepers.filter(({ wakesAtMs }) => wakesAtMs <= this.#passedMs);
    for (const { wake } of due.sort((a, b) => a.wakesAtMs - b.wakesAtMs)) wake();
  }

  /** Sets the clock on the wall forward (or back, below 0) by `ms`: no time passes. */
  jump(ms: number): void {
    this.#startedAtMs += ms;
  }
}
