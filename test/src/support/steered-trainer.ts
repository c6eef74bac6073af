import type { Evaluation, LocalUpdate, Trainer } from "@chorus/client";
import { UnitTrainer } from "./unit-trainer.ts";

/** A unit trainer that a test can hold up, or make fail. */
export class SteeredTrainer implements Trainer {
  readonly backend = "steered";
  readonly #unit: UnitTrainer;
  #release = Promise.withResolvers<void>();
  #started = Promise.withResolvers<void>();

  /** Not held up at first. */
  constructor(place: number) {
    this.#unit = new UnitTrainer(place);
    this.release();
  }

  /** Holds up training from now on. Resolves when training waits here. */
  hold(): Promise<void> {
    this.#release = Promise.withResolvers();
    this.#started = Promise.withResolvers();
    return this.#started.promise;
  }

  /** Lets training go on, now and later. */
  release(): void {
    this.#release.resolve();
  }

  /** Lets the training that waits here go on, and holds up the next one. Resolves when that waits here. */
  holdNext(): Promise<void> {
    const { resolve } = this.#release;
    const held = this.hold();
    resolve();
    return held;
  }

  /** Makes the training that waits here fail. */
  fail(error: Error): void {
    const { reject } = this.#release;
    this.#release = Promise.withResolvers();
    this.release();
    reject(error);
  }

  async train(model: Float32Array, seed: string, signal: AbortSignal): Promise<LocalUpdate> {
    this.#started.resolve();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#release.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
    return await this.#unit.train(model, seed, signal);
  }

  evaluate(model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    return this.#unit.evaluate(model, signal);
  }

  [Symbol.dispose](): void {
    this.#unit[Symbol.dispose]();
  }
}
