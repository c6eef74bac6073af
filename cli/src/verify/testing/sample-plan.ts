import { type Plan, parsePlan } from "@chorus/aggregation";

/** A plan for a model of four parameters and three rounds of four participants, three of whom are enough. */
export const samplePlan: Plan = parsePlan({
  name: "tiny",
  model: {
    class_name: "Sequential",
    config: {
      name: "tiny",
      layers: [
        {
          class_name: "Dense",
          config: { batch_input_shape: [null, 3], units: 1, activation: "sigmoid" },
        },
      ],
    },
  },
  data: {
    format: "csv",
    features: [
      { column: "a", kind: "number", mean: 0, scale: 1 },
      { column: "b", kind: "number", mean: 0, scale: 1 },
      { column: "d", kind: "number", mean: 0, scale: 1 },
    ],
    label: { column: "c", kind: "binary", positiveAbove: 0 },
    missing: "refuse",
  },
  holdOut: 0.1,
  training: {
    loss: "binaryCrossentropy",
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 },
    batchSize: 4,
    localSteps: 2,
  },
  strategy: { kind: "fedavgm", learningRate: 1, momentum: 0.9 },
  protection: { kind: "masking", clippingNorm: 1, maxExamples: 10 },
  rounds: 3,
  seed: 7,
  roundPolicy: {
    select: 4,
    overSelect: 1,
    quorum: 3,
    minSurvivors: 3,
    softDeadlineMs: { training: 1000, exchange: 1000 },
    hardDeadlineMs: { training: 2000, exchange: 2000 },
  },
});
