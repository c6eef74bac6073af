import { type Plan, parsePlan } from "@chorus/aggregation";

/** A plan of a model with one weight for each of eight features; what is no other option says how rounds go. */
export function unitPlan({
  rounds = 1,
  protection = { kind: "masking", clippingNorm: 1, maxExamples: 1 },
  strategy = { kind: "fedavg" },
  ...policy
}: Partial<Plan["roundPolicy"] & Pick<Plan, "rounds" | "protection" | "strategy">>): Plan {
  const feature = (_: unknown, i: number) => ({
    column: `x${i}`,
    kind: "number",
    mean: 0,
    scale: 1,
  });
  const dense = { units: 1, activation: "sigmoid", use_bias: false, batch_input_shape: [null, 8] };
  return parsePlan({
    name: "unit-vectors",
    model: {
      class_name: "Sequential",
      config: { name: "line", layers: [{ class_name: "Dense", config: dense }] },
    },
    data: {
      format: "csv",
      features: Array.from({ length: 8 }, feature),
      label: { column: "y", kind: "binary", positiveAbove: 0 },
      missing: "refuse",
    },
    holdOut: 0.5,
    training: {
      loss: "binaryCrossentropy",
      optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 },
      batchSize: 1,
      localSteps: 1,
    },
    strategy,
    protection,
    rounds,
    seed: 1,
    roundPolicy: {
      select: 3,
      overSelect: 1,
      quorum: 3,
      minSurvivors: 3,
      softDeadlineMs: { training: 1_000, exchange: 1_000 },
      hardDeadlineMs: { training: 5_000, exchange: 5_000 },
      ...policy,
    },
  });
}
