import type { Hash, RunPlan } from "@chorus/aggregation";
import type { Trainer } from "../trainer.ts";

/** Builds the trainer of a plan: reads the site's data and compiles the model. */
export type CreateTrainer = (
  plan: RunPlan,
  dataPath: string,
  signal: AbortSignal,
) => Promise<Trainer>;

/** Keeps the trainer of the newest plan, so that data are read once a run and not once a round. */
export class Trainers implements Disposable {
  readonly #create: CreateTrainer;
  readonly #dataPath: string;
  #held: { readonly planHash: Hash; readonly trainer: Trainer } | undefined;

  constructor(dataPath: string, create: CreateTrainer) {
    this.#dataPath = dataPath;
    this.#create = create;
  }

  /** The trainer of a plan. Another plan's is disposed of first. Rejects with what building it throws; nothing is kept then. */
  async forPlan(plan: RunPlan, planHash: Hash, signal: AbortSignal): Promise<Trainer> {
    if (this.#held?.planHash === planHash) return this.#held.trainer;
    this[Symbol.dispose]();
    const trainer = await this.#create(plan, this.#dataPath, signal);
    this.#held = { planHash, trainer };
    return trainer;
  }

  /** Lets the trainer go: what it computes on has failed, and the next one is built on something else. */
  letGo(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#held?.trainer[Symbol.dispose]();
    this.#held = undefined;
  }
}
