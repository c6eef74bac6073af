import { formatTable } from "@chorus/cli";
import type { StepCosts } from "@chorus/client";
import type { ModelCosts, TrainingCosts } from "./bench-training.ts";
import { type ModelName, PARTS, WAYS, type Way } from "./programs.ts";

const MODEL_TITLES: Readonly<Record<ModelName, string>> = {
  mlp: "MLP 784-200-10",
  lenet: "LeNet-5",
  cnn: "McMahan's CNN",
  depthwise: "depthwise CNN",
  lstm: "LSTM",
  transformer: "transformer block",
};

const WAY_TITLES: Readonly<Record<Way, string>> = {
  "reference-steps": "cpu backend",
  "stock-fit": "stock wasm, model.fit",
  "operation-steps": "operations, our kernels",
  "static-steps": "static plan",
};

const right = (title: string) => ({ title, align: "right" as const });

/**
 * Models as rows: CPU milliseconds a step in each way, and how many times less the fastest takes than the two others. What rests on
 * steps with fewer examples begins with "~".
 */
export function stepTable({ models }: TrainingCosts): string {
  const columns = [...WAYS.map((way) => WAY_TITLES[way]), "to cpu", "to model.fit"];
  const rows = models.map(({ model, costs }) => {
    const fastest = stepsOf(costs["static-steps"]) ?? stepsOf(costs["operation-steps"]);
    return [
      MODEL_TITLES[model],
      ...WAYS.map((way) => total(stepsOf(costs[way]))),
      times(stepsOf(costs["reference-steps"]), fastest),
      times(stepsOf(costs["stock-fit"]), fastest),
    ];
  });
  return formatTable([{ title: "model" }, ...columns.map(right)], rows);
}

/** Why ways do not train some models, a line each. */
export function impossibleLines({ models }: TrainingCosts): string[] {
  return models.flatMap(({ model, costs }) =>
    WAYS.flatMap((way) => {
      const found = costs[way];
      if (!("impossible" in found)) return [];
      return `${MODEL_TITLES[model]}, ${WAY_TITLES[way]}: ${found.impossible}`;
    }),
  );
}

/** Models and ways as rows: CPU milliseconds a step by part, and what the total has more, or less, than all parts. */
export function partTable({ models }: TrainingCosts): string {
  const rows = models.flatMap(({ model, costs }) =>
    WAYS.flatMap((way) => {
      const steps = stepsOf(costs[way]);
      if (steps?.parts === undefined) return [];
      const { parts } = steps;
      const other = PARTS.reduce((rest, part) => rest - parts[part], steps.totalMs);
      const all = [...PARTS.map((part) => parts[part]), other, steps.totalMs];
      return [[MODEL_TITLES[model], WAY_TITLES[way], ...all.map((ms) => ms.toFixed(3))]];
    }),
  );
  const columns = [...PARTS, "other", "total"].map(right);
  return formatTable([{ title: "model" }, { title: "way" }, ...columns], rows);
}

/** Models with a static plan as rows: how many times longer it takes than its products alone would. */
export function limitTable({ models, products, blas }: TrainingCosts): string {
  const columns = [
    "GFLOP a step",
    "at our products' speed",
    "times that",
    "at OpenBLAS' speed",
    "times that",
  ];
  const rows = models.flatMap((model) => limitRow(model, products, blas));
  return formatTable([{ title: "model" }, ...columns.map(right)], rows);
}

function limitRow(
  { model, costs }: ModelCosts,
  products: number,
  blas: TrainingCosts["blas"],
): string[][] {
  const steps = stepsOf(costs["static-steps"]);
  if (steps?.megaflops === undefined) return [];
  const { megaflops, totalMs } = steps;
  const against = (gigaflops: number) => {
    const limitMs = megaflops / gigaflops;
    return [milliseconds(limitMs), `${(totalMs / limitMs).toFixed(1)}x`];
  };
  const other = "notMeasured" in blas ? ["not measured", ""] : against(blas.gigaflops);
  return [[MODEL_TITLES[model], (megaflops / 1000).toFixed(3), ...against(products), ...other]];
}

function stepsOf(costs: ModelCosts["costs"][Way]): StepCosts | undefined {
  return "impossible" in costs ? undefined : costs;
}

function total(steps: StepCosts | undefined): string {
  return steps === undefined ? "-" : `${mark(steps)}${milliseconds(steps.totalMs)}`;
}

/** What stands before a number that rests on steps with fewer examples. */
function mark({ isExtrapolated }: StepCosts): string {
  return isExtrapolated ? "~" : "";
}

function milliseconds(ms: number): string {
  return ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
}

function times(slower: StepCosts | undefined, faster: StepCosts | undefined): string {
  if (slower === undefined || faster === undefined) return "-";
  return `${mark(slower)}${(slower.totalMs / faster.totalMs).toFixed(1)}x`;
}
