import { setImmediate } from "node:timers/promises";
import type { Evaluation, LocalUpdate, Trainer } from "@chorus/client";

/**
 * Trains nothing: its update is the unit vector of its place, so that a lost or doubled update can be seen in the model.
 * One example, one hold-out example, which it always gets right.
 */
export class UnitTrainer implements Trainer {
  readonly backend = "unit";
  readonly #place: number;

  constructor(place: number) {
    this.#place = place;
  }

  async train(model: Float32Array, _seed: string, signal: AbortSignal): Promise<LocalUpdate> {
    await setImmediate(undefined, { signal });
    const delta = new Float32Array(model.length);
    delta[this.#place] = 1;
    return { delta, examples: 1, meanLoss: 0 };
  }

  async evaluate(_model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    await setImmediate(undefined, { signal });
    return { examples: 1, correct: 1, meanLoss: 0.5 };
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}
