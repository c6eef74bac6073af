import { setImmediate } from "node:timers/promises";

/** How long the event loop is kept waiting, in milliseconds: aborts and keep-alives are not noticeably later. */
const INTERVAL_MS = 10;

/** Lets the event loop turn while something computes, but not so often that turning takes longer than computing. */
export class Turns {
  readonly #nowMs: () => number;
  #lastMs: number;

  /** `nowMs`: a clock that never goes back. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  /** Whether 10 ms have passed since the last turn, or since this was made. */
  get isDue(): boolean {
    return this.#nowMs() - this.#lastMs >= INTERVAL_MS;
  }

  /** Lets the connection's keep-alive run, and an abort arrive. Throws the signal's reason when aborted. */
  async take(signal: AbortSignal): Promise<void> {
    await setImmediate();
    this.#lastMs = this.#nowMs();
    signal.throwIfAborted();
  }
}
