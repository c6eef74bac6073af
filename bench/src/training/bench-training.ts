import { median } from "../masking/cpu-meter.ts";
import { measureBlas } from "./blas.ts";
import {
  type Impossible,
  type ModelName,
  measureProducts,
  measureSteps,
  PARTS,
  type Part,
  type StepCosts,
  WAYS,
  type Way,
} from "./programs.ts";

/** What a step of one model costs, at batch 32 and plain gradient descent. */
export interface ModelCosts {
  readonly model: ModelName;
  readonly costs: Readonly<Record<Way, StepCosts | Impossible>>;
}

export interface TrainingCosts {
  readonly models: readonly ModelCosts[];
  /** GFLOP/s of one core in products of matrices: our kernel's, and OpenBLAS' where this machine has it. */
  readonly products: number;
  readonly blas: number | undefined;
}

/** What to measure, and who is told how far it is. */
export interface TrainingBench {
  readonly models: readonly ModelName[];
  /** Odd: the median is reported. */
  readonly repetitions: number;
  progress(done: string): void;
}

/**
 * Runs all ways on all models, each time in a new process. Rejects when one of these fails, and with the signal's reason when
 * aborted.
 */
export async function benchTraining(
  { models, repetitions, progress }: TrainingBench,
  signal: AbortSignal,
): Promise<TrainingCosts> {
  const measured: ModelCosts[] = [];
  for (const model of models) {
    const turns: Record<Way, StepCosts | Impossible>[] = [];
    for (let turn = 1; turn <= repetitions; turn++) {
      turns.push(await measureTurn(model, turns[0], signal));
      progress(`${model}: ${turn} of ${repetitions}`);
    }
    measured.push({ model, costs: byWay((way) => medianCosts(turns.map((turn) => turn[way]))) });
  }
  const products = await measureProducts(signal);
  return { models: measured, products, blas: await measureBlas(signal) };
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

function medianCosts(all: readonly (StepCosts | Impossible)[]): StepCosts | Impossible {
  const costs = all.filter((one): one is StepCosts => !("impossible" in one));
  const [first] = costs;
  if (first === undefined) return all[0] ?? { impossible: "not measured" };
  const totalMs = median(costs.map((one) => one.totalMs));
  const parts = costs.flatMap((one) => one.parts ?? []);
  if (parts.length === 0) return { ...first, totalMs };
  const of = (part: Part) => [part, median(parts.map((one) => one[part]))] as const;
  return { ...first, totalMs, parts: Object.fromEntries(PARTS.map(of)) as Record<Part, number> };
}
