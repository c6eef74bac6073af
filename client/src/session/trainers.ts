import type { Hash, RunPlan } from "@chorus/aggregation";
import type { Trainer } from "../trainer.ts";

/** A run and what it is of. */
export interface PlannedRun {
  readonly runId: Hash;
  readonly plan: RunPlan;
  readonly planHash: Hash;
}

/** Builds the trainer of a run: reads the site's data and compiles the model. */
export type CreateTrainer = (
  run: PlannedRun,
  dataPath: string,
  signal: AbortSignal,
) => Promise<Trainer>;

/** Keeps the trainer of the newest run, so that data are read once a run and not once a round. */
export class Trainers implements Disposable {
  readonly #create: CreateTrainer;
  readonly #dataPath: string;
  #held: { readonly run: PlannedRun; readonly trainer: Trainer } | undefined;

  constructor(dataPath: string, create: CreateTrainer) {
    this.#dataPath = dataPath;
    this.#create = create;
  }

  /** The trainer of a run. Another run's is disposed of first. Rejects with what building it throws; nothing is kept then. */
  async forRun(run: PlannedRun, signal: AbortSignal): Promise<Trainer> {
    const held = this.#held;
    // A second run of the same plan is another question to this site: see AnsweredColumns.
    if (held?.run.runId === run.runId && held.run.planHash === run.planHash) return held.trainer;
    this[Symbol.dispose]();
    const trainer = await this.#create(run, this.#dataPath, signal);
    this.#held = { run, trainer };
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
