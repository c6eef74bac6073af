import {
  initialModel,
  layoutOf,
  modelHash,
  modelToBytes,
  type Plan,
  parsePlan,
} from "@chorus/aggregation";

/** Weights of the model, and of every update. */
export const WEIGHTS = 16;

/** Milliseconds after which a step of the exchange goes on without who is missing. */
const EXCHANGE_MS = 3_000;

/** A plan of one round among so many participants, of whom one may be missing. */
export function tinyPlan(participants: number): Plan {
  const dense = {
    units: 1,
    activation: "sigmoid",
    use_bias: false,
    batch_input_shape: [null, WEIGHTS],
  };
  return parsePlan({
    name: "selftest",
    model: {
      class_name: "Sequential",
      config: { name: "line", layers: [{ class_name: "Dense", config: dense }] },
    },
    data: {
      format: "csv",
      features: Array.from({ length: WEIGHTS }, (_, i) => ({
        column: `x${i}`,
        kind: "number",
        mean: 0,
        scale: 1,
      })),
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
    strategy: { kind: "fedavg" },
    protection: { kind: "masking", clippingNorm: 8, maxExamples: 100 },
    rounds: 1,
    seed: 7,
    roundPolicy: {
      select: participants,
      overSelect: 1,
      quorum: 3,
      minSurvivors: 3,
      softDeadlineMs: { training: 20_000, exchange: EXCHANGE_MS },
      hardDeadlineMs: { training: 60_000, exchange: 60_000 },
    },
  });
}

/** The plan's model before the first round. */
export function firstModel(plan: Plan): { readonly bytes: Uint8Array; readonly hash: string } {
  const layout = layoutOf(plan.model);
  const model = initialModel(layout, plan.seed);
  return { bytes: modelToBytes(model), hash: modelHash(layout, model) };
}
