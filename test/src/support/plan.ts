import { type Plan, parsePlan } from "@chorus/aggregation";

/** What a test wants to say about a plan; everything else is small and fast. */
export interface TestPlan {
  readonly rounds: number;
  readonly participants: number;
  readonly quorum?: number;
  readonly softDeadlineMs?: number;
  readonly hardDeadlineMs?: number;
  /** Weights of the model: a place for each participant. Eight unless told otherwise. */
  readonly weights?: number;
  /** Masking unless told otherwise. */
  readonly protection?: Plan["protection"];
  /** The plain mean unless told otherwise. */
  readonly strategy?: Plan["strategy"];
}

/** Encryption of values that are almost as fine as float32: whose update is in a model can be seen. */
export const encryption: Plan["protection"] = {
  kind: "he",
  valueBits: 16,
  clippingNorm: 1,
  maxExamples: 1,
};

/** A plan of a model with one weight for each feature, for trainers that move single weights. */
export function testPlan(wanted: TestPlan): Plan {
  const softMs = wanted.softDeadlineMs ?? 20_000;
  const hardMs = wanted.hardDeadlineMs ?? 40_000;
  const weights = wanted.weights ?? 8;
  const column = (_: unknown, i: number) => ({
    column: `x${i}`,
    kind: "number",
    mean: 0,
    scale: 1,
  });
  const dense = {
    units: 1,
    activation: "sigmoid",
    use_bias: false,
    batch_input_shape: [null, weights],
  };
  return parsePlan({
    name: "unit-vectors",
    model: {
      class_name: "Sequential",
      config: { name: "line", layers: [{ class_name: "Dense", config: dense }] },
    },
    data: {
      format: "csv",
      features: Array.from({ length: weights }, column),
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
    strategy: wanted.strategy ?? { kind: "fedavg" },
    protection: wanted.protection ?? { kind: "masking", clippingNorm: 1, maxExamples: 1 },
    rounds: wanted.rounds,
    seed: 7,
    roundPolicy: {
      select: wanted.participants,
      overSelect: 1,
      quorum: wanted.quorum ?? 3,
      minSurvivors: 3,
      softDeadlineMs: { training: softMs, exchange: softMs },
      hardDeadlineMs: { training: hardMs, exchange: hardMs },
    },
  });
}
