import { type Plan, parsePlan, RandomNumbers, seededRandom } from "@chorus/aggregation";
import { type Dataset, emptyDataset } from "../../../data/dataset.ts";

/** Examples a step. */
export const BATCH_SIZE = 32;

/** What the ways of training are compared on: 784 pixels, 200 units, 10 classes; plain gradient descent. */
export const MLP_PLAN: Plan = parsePlan({
  name: "mlp",
  model: {
    class_name: "Sequential",
    config: {
      name: "mlp",
      layers: [
        { class_name: "Flatten", config: { batch_input_shape: [null, 28, 28] } },
        { class_name: "Dense", config: { units: 200, activation: "relu" } },
        { class_name: "Dense", config: { units: 10, activation: "softmax" } },
      ],
    },
  },
  data: { format: "idx", classes: 10, scale: 255 },
  holdOut: 0,
  training: {
    loss: "categoricalCrossentropy",
    optimizer: { kind: "sgd", learningRate: 0.01, momentum: 0 },
    batchSize: BATCH_SIZE,
    localSteps: 100,
  },
  strategy: { kind: "fedavg" },
  protection: { kind: "masking", clippingNorm: 20, maxExamples: 1000 },
  rounds: 1,
  seed: 1,
  roundPolicy: {
    select: 3,
    overSelect: 1,
    quorum: 3,
    minSurvivors: 3,
    softDeadlineMs: { training: 1000, exchange: 1000 },
    hardDeadlineMs: { training: 1000, exchange: 1000 },
  },
});

/** Random images of 28 x 28 pixels in ten classes: 64 batches. What they show does not change how long a step takes. */
export function randomDigits(): Dataset {
  const dataset = emptyDataset(64 * BATCH_SIZE, [28, 28]);
  const random = new RandomNumbers(seededRandom("chorus/bench/digits/v1"));
  for (const index of dataset.features.keys()) dataset.features[index] = random.unit();
  for (const index of dataset.labels.keys()) dataset.labels[index] = random.below(10);
  return dataset;
}
