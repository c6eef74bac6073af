import type { TrainingCosts } from "./bench-training.ts";

const PARTS = { data: 0.1, forward: 2, backward: 3.5, optimizer: 0.25 };

const IMPOSSIBLE = { impossible: "no kernel" };

/** What a run could have measured: every target is met, McMahan's CNN as long as OpenBLAS has at most 80 GFLOP/s. */
export const COSTS: TrainingCosts = {
  models: [
    {
      model: "mlp",
      costs: {
        "reference-steps": { totalMs: 50 },
        "stock-fit": { totalMs: 15 },
        "operation-steps": { totalMs: 3 },
        "static-steps": { totalMs: 1, megaflops: 20 },
      },
    },
    {
      model: "lenet",
      costs: {
        "reference-steps": { totalMs: 2480 },
        "stock-fit": IMPOSSIBLE,
        "operation-steps": { totalMs: 8, parts: PARTS },
        "static-steps": {
          totalMs: 4,
          megaflops: 72,
          parts: { ...PARTS, forward: 0.5, backward: 3.25 },
        },
      },
    },
    {
      model: "cnn",
      costs: {
        "reference-steps": { totalMs: 60_000, isExtrapolated: true },
        "stock-fit": IMPOSSIBLE,
        "operation-steps": { totalMs: 100 },
        "static-steps": { totalMs: 50, megaflops: 1000 },
      },
    },
    {
      model: "lstm",
      costs: {
        "reference-steps": { totalMs: 900 },
        "stock-fit": { totalMs: 30 },
        "operation-steps": { totalMs: 20 },
        "static-steps": { impossible: "layer 1 (LSTM) has no static plan" },
      },
    },
  ],
  products: 48,
  blas: { notMeasured: "this machine has no Python 3" },
};

/** The same with one way of training a model at another speed. */
export function withCosts(
  model: string,
  changed: Partial<TrainingCosts["models"][number]["costs"]>,
): TrainingCosts {
  const models = COSTS.models.map((one) =>
    one.model === model ? { ...one, costs: { ...one.costs, ...changed } } : one,
  );
  return { ...COSTS, models };
}
