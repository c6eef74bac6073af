import type { Plan } from "./plan.ts";

/** A small valid plan for images, for tests. */
export const IMAGE_PLAN: Plan = {
  name: "sample-images",
  model: {
    class_name: "Sequential",
    config: {
      name: "mlp",
      layers: [
        { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
        { class_name: "Dense", config: { units: 5, activation: "relu", name: "hidden" } },
        { class_name: "Dropout", config: { rate: 0.25 } },
        { class_name: "Dense", config: { units: 3, use_bias: false } },
        { class_name: "Activation", config: { activation: "softmax" } },
      ],
    },
  },
  data: { format: "idx", classes: 3, scale: 255 },
  holdOut: 0.1,
  training: {
    loss: "categoricalCrossentropy",
    optimizer: { kind: "sgd", learningRate: 0.1, momentum: 0 },
    batchSize: 8,
    localSteps: 10,
  },
  strategy: { kind: "fedavgm", learningRate: 1, momentum: 0.9 },
  protection: { kind: "masking", clippingNorm: 20, maxExamples: 2000 },
  rounds: 3,
  seed: 42,
  roundPolicy: {
    select: 4,
    overSelect: 1.5,
    quorum: 3,
    minSurvivors: 3,
    softDeadlineMs: { training: 1000, exchange: 500 },
    hardDeadlineMs: { training: 2000, exchange: 500 },
  },
};

/** The same plan with encrypted rounds. */
export const ENCRYPTED_PLAN: Plan = {
  ...IMAGE_PLAN,
  name: "sample-encrypted",
  protection: { kind: "he", valueBits: 8, clippingNorm: 20, maxExamples: 2000 },
};

/** A small valid plan for records with a yes-or-no label, for tests. */
export const TABLE_PLAN: Plan = {
  ...IMAGE_PLAN,
  name: "sample-table",
  model: {
    class_name: "Sequential",
    config: {
      name: "logistic",
      layers: [
        {
          class_name: "Dense",
          config: { batch_input_shape: [null, 4], units: 1, activation: "sigmoid" },
        },
      ],
    },
  },
  data: {
    format: "csv",
    features: [
      { column: "age", kind: "number", mean: 54, scale: 9 },
      { column: "pain", kind: "category", values: ["none", "some", "much"] },
    ],
    label: { column: "diagnosis", kind: "binary", positiveAbove: 0 },
    missing: "drop-row",
  },
  training: {
    loss: "binaryCrossentropy",
    optimizer: { kind: "adam", learningRate: 0.01 },
    batchSize: 8,
    localSteps: 10,
  },
  strategy: { kind: "fedavg" },
};
