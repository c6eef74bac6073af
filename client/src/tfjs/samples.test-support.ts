import {
  type Layer,
  type Plan,
  parsePlan,
  RandomNumbers,
  SMALLEST_RUN,
  seededRandom,
} from "@chorus/aggregation";
import { type Dataset, emptyDataset } from "../data/dataset.ts";

/** Layers from images of 4 x 3 pixels to three classes, one of which has no static plan. */
export const HIDDEN_LAYER: readonly Layer[] = [
  { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
  { class_name: "Dense", config: { units: 5, activation: "elu" } },
  { class_name: "Dense", config: { units: 3, activation: "softmax" } },
];

/** A plan that trains these layers on images of three classes. */
export function imagePlan(
  layers: readonly Layer[],
  training: Partial<Plan["training"]> = {},
): Plan {
  return parsePlan({
    name: "sample",
    model: { class_name: "Sequential", config: { name: "sample", layers } },
    data: { format: "idx", classes: 3, scale: 255 },
    holdOut: 0.25,
    training: {
      loss: "categoricalCrossentropy",
      optimizer: { kind: "sgd", learningRate: 0.5, momentum: 0 },
      batchSize: 8,
      localSteps: 10,
      ...training,
    },
    ...SMALLEST_RUN,
    seed: 7,
  });
}

/** A plan with one sigmoid unit on two numbers. */
export function binaryPlan(training: Partial<Plan["training"]> = {}): Plan {
  const unit = { units: 1, activation: "sigmoid", batch_input_shape: [null, 2] };
  const number = { kind: "number", mean: 0, scale: 1 };
  const plan = imagePlan(HIDDEN_LAYER, training);
  return parsePlan({
    ...plan,
    model: {
      class_name: "Sequential",
      config: { name: "unit", layers: [{ class_name: "Dense", config: unit }] },
    },
    data: {
      format: "csv",
      features: [
        { ...number, column: "x" },
        { ...number, column: "y" },
      ],
      label: { column: "label", kind: "binary", positiveAbove: 0 },
      missing: "refuse",
    },
    training: { ...plan.training, loss: "binaryCrossentropy" },
  });
}

/** Images of 4 x 3 pixels in three classes: noise, and one row of pixels that is bright by class. */
export function imagesByRow(examples: number, seed: string): Dataset {
  const dataset = emptyDataset(examples, [4, 3]);
  const random = new RandomNumbers(seededRandom(seed));
  for (let example = 0; example < examples; example++) {
    const label = random.below(3);
    dataset.labels[example] = label;
    for (let pixel = 0; pixel < 12; pixel++) {
      const brightness = Math.floor(pixel / 3) === label ? 1 : 0;
      dataset.features[12 * example + pixel] = 0.5 * random.unit() + brightness;
    }
  }
  return dataset;
}
