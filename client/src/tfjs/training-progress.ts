import type { Logger } from "pino";

/** Between two lines of the log, in milliseconds: a short round has none, a long one is seen to move. */
const INTERVAL_MS = 10_000;

/** Tells the log how far long training has come. */
export class TrainingProgress {
  readonly #log: Pick<Logger, "info"> | undefined;
  readonly #steps: number;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #lastMs: number;

  /** `steps`: of the whole round. `nowMs`: a clock that never goes back. */
  constructor(
    log: Pick<Logger, "info"> | undefined,
    steps: number,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#log = log;
    this.#steps = steps;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#lastMs = this.#startMs;
  }

  /** `step` steps are done, and `lossSum` is the sum of their batches' mean losses. A line at most every 10 s. */
  report(step: number, lossSum: number): void {
    const now = this.#nowMs();
    if (now - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = now;
    const secondsLeft = Math.round(((now - this.#startMs) / step) * (this.#steps - step) * 1e-3);
    const fields = { step, steps: this.#steps, meanLoss: lossSum / step, secondsLeft };
    this.#log?.info(fields, "training");
  }
}
