import { formatTable } from "@chorus/cli";
import type { StepCosts } from "@chorus/client";
import type { ModelCosts, TrainingCosts } from "./bench-training.ts";
import type { ModelName, Way } from "./programs.ts";

/** A speed that we aim at, as a factor between two measurements of one run, and what came out. */
export interface ReachedTarget {
  readonly what: string;
  /** The least factor, or where `isMost` the most. */
  readonly target: number;
  readonly isMost: boolean;
  /** Undefined where one of the two was not measured. */
  readonly reached: number | undefined;
  /** Missed, too, where a way does not train the model at all; not where this machine has no OpenBLAS. */
  readonly verdict: "met" | "MISSED" | "not measured";
}

interface Target {
  readonly what: string;
  readonly model: ModelName;
  readonly target: number;
  readonly isMost: boolean;
  /** The factor; undefined where a way does not train the model, "unknown" where this machine cannot tell. */
  factor(costs: ModelCosts["costs"], blas: TrainingCosts["blas"]): number | "unknown" | undefined;
}

const TARGETS: readonly Target[] = [
  {
    what: "MLP, operations: times faster than model.fit",
    model: "mlp",
    target: 5,
    isMost: false,
    factor: (costs) => ratio(costs, "stock-fit", "operation-steps"),
  },
  {
    what: "MLP, static plan: times faster than model.fit",
    model: "mlp",
    target: 15,
    isMost: false,
    factor: (costs) => ratio(costs, "stock-fit", "static-steps"),
  },
  {
    what: "LeNet-5, static plan: times faster than the cpu backend",
    model: "lenet",
    target: 150,
    isMost: false,
    factor: (costs) => ratio(costs, "reference-steps", "static-steps"),
  },
  {
    what: "McMahan's CNN, static plan: times OpenBLAS' products alone",
    model: "cnn",
    target: 4,
    isMost: true,
    factor: (costs, blas) => {
      const steps = stepsOf(costs["static-steps"]);
      if (steps?.megaflops === undefined) return undefined;
      return "notMeasured" in blas ? "unknown" : (steps.totalMs * blas.gigaflops) / steps.megaflops;
    },
  },
];

/** What was measured against the targets that there are for it: those of the models that were trained. */
export function againstTargets({ models, blas }: TrainingCosts): ReachedTarget[] {
  return TARGETS.flatMap(({ what, model, target, isMost, factor }) => {
    const measured = models.find((one) => one.model === model);
    if (measured === undefined) return [];
    const found = factor(measured.costs, blas);
    if (found === "unknown") {
      return { what, target, isMost, reached: undefined, verdict: "not measured" as const };
    }
    const isMet = found !== undefined && (isMost ? found <= target : found >= target);
    return { what, target, isMost, reached: found, verdict: isMet ? ("met" as const) : "MISSED" };
  });
}

/** A row for each target. */
export function targetTable(targets: readonly ReachedTarget[]): string {
  const rows = targets.map(({ what, target, isMost, reached, verdict }) => [
    what,
    `${isMost ? "at most" : "at least"} ${target}`,
    reached === undefined ? "-" : reached.toFixed(1),
    verdict,
  ]);
  const right = (title: string) => ({ title, align: "right" as const });
  return formatTable([{ title: "what" }, right("target"), right("reached"), { title: "" }], rows);
}

function ratio(costs: ModelCosts["costs"], slow: Way, fast: Way): number | undefined {
  const [slower, faster] = [stepsOf(costs[slow]), stepsOf(costs[fast])];
  return slower && faster && slower.totalMs / faster.totalMs;
}

function stepsOf(costs: ModelCosts["costs"][Way]): StepCosts | undefined {
  return "impossible" in costs ? undefined : costs;
}
