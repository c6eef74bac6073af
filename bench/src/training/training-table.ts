import { formatTable } from "@chorus/cli";
import type { ModelCosts, TrainingCosts } from "./bench-training.ts";
import { type ModelName, PARTS, type StepCosts, WAYS, type Way } from "./programs.ts";

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

/** Models as rows: CPU milliseconds a step in each way, and how many times less the fastest takes than the two others. */
export function stepTable({ models }: TrainingCosts): string {
  const columns = [...WAYS.map((way) => WAY_TITLES[way]), "to cpu", "to model.fit"];
  const rows = models.map(({ model, costs }) => {
    const fastest = stepsOf(costs["static-steps"]) ?? stepsOf(costs["operation-steps"]);
    return [
      MODEL_TITLES[model],
      ...WAYS.map((way) => milliseconds(stepsOf(costs[way])?.totalMs)),
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

/** Models and ways as rows: CPU milliseconds a step by part. */
export function partTable({ models }: TrainingCosts): string {
  const rows = models.flatMap(({ model, costs }) =>
    WAYS.flatMap((way) => {
      const parts = stepsOf(costs[way])?.parts;
      if (parts === undefined) return [];
      return [
        [MODEL_TITLES[model], WAY_TITLES[way], ...PARTS.map((part) => parts[part].toFixed(3))],
      ];
    }),
  );
  return formatTable([{ title: "model" }, { title: "way" }, ...PARTS.map(right)], rows);
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
  blas: number | undefined,
): string[][] {
  const steps = stepsOf(costs["static-steps"]);
  if (steps?.megaflops === undefined) return [];
  const { megaflops, totalMs } = steps;
  const against = (gigaflops: number) => {
    const limitMs = megaflops / gigaflops;
    return [milliseconds(limitMs), `${(totalMs / limitMs).toFixed(1)}x`];
  };
  const other = blas === undefined ? ["not present", ""] : against(blas);
  return [[MODEL_TITLES[model], (megaflops / 1000).toFixed(3), ...against(products), ...other]];
}

function stepsOf(costs: ModelCosts["costs"][Way]): StepCosts | undefined {
  return "impossible" in costs ? undefined : costs;
}

function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return "-";
  return ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
}

function times(slower: StepCosts | undefined, faster: StepCosts | undefined): string {
  if (slower === undefined || faster === undefined) return "-";
  return `${(slower.totalMs / faster.totalMs).toFixed(1)}x`;
}
