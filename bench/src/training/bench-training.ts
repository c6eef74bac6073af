import type { Impossible, StepCosts } from "@chorus/client";
import type { BlasSpeed } from "./blas.ts";
import { medianCosts } from "./median-costs.ts";
import { type ModelName, measureSteps, WAYS, type Way } from "./programs.ts";

/** What a step of one model costs, at batch 32 and plain gradient descent. */
export interface ModelCosts {
  readonly model: ModelName;
  readonly costs: Readonly<Record<Way, StepCosts | Impossible>>;
}

export interface TrainingCosts {
  readonly models: readonly ModelCosts[];
  /** GFLOP/s of one core in products of matrices with our kernel. */
  readonly products: number;
  /** The same with OpenBLAS. */
  readonly blas: BlasSpeed;
}

/** What to measure, and who is told how far it is. */
export interface TrainingBench {
  readonly models: readonly ModelName[];
  /** Odd: the median is reported. */
  readonly repetitions: number;
  progress(done: string): void;
}

/**
 * Runs all ways on all models, each time in a new process, and yields each model's costs when they are known. Throws when one of these
 * fails, and the signal's reason when aborted.
 */
export async function* benchTraining(
  { models, repetitions, progress }: TrainingBench,
  signal: AbortSignal,
): AsyncGenerator<ModelCosts, void, undefined> {
  for (const model of models) {
    const turns: Record<Way, StepCosts | Impossible>[] = [];
    for (let turn = 1; turn <= repetitions; turn++) {
      turns.push(await measureTurn(model, turns[0], signal));
      progress(`${model}: ${turn} of ${repetitions}`);
    }
    yield { model, costs: byWay((way) => medianCosts(turns.map((turn) => turn[way]))) };
  }
}

/** All ways one after the other, so that they share what else the machine does. The reference, which is slow, only once. */
async function measureTurn(
  model: ModelName,
  before: Record<Way, StepCosts | Impossible> | undefined,
  signal: AbortSignal,
): Promise<Record<Way, StepCosts | Impossible>> {
  const turn: [Way, StepCosts | Impossible][] = [];
  for (const way of WAYS) {
    const known = before?.[way];
    const isKnown = known !== undefined && (way === "reference-steps" || "impossible" in known);
    turn.push([way, isKnown ? known : await measureSteps(way, model, signal)]);
  }
  return Object.fromEntries(turn) as Record<Way, StepCosts | Impossible>;
}

function byWay<T>(of: (way: Way) => T): Record<Way, T> {
  return Object.fromEntries(WAYS.map((way) => [way, of(way)])) as Record<Way, T>;
}
