import {
  type ModelTopology,
  type Plan,
  parsePlan,
  RandomNumbers,
  SMALLEST_RUN,
  seededRandom,
} from "@chorus/aggregation";
import { depthwiseCnn, lenet5, lstm, mcmahanCnn, mlp, transformer } from "@chorus/aggregation/zoo";
import { type Dataset, emptyDataset } from "../../../data/dataset.ts";

/** Examples a step. */
export const BATCH_SIZE = 32;

/** The model that a program was called for, its only argument. Throws as {@link planNamed}. */
export function askedModel(): Plan {
  return planNamed(process.argv[2] ?? "");
}

/** A plan for the model of this name. Throws an Error for another name. */
export function planNamed(name: string): Plan {
  const model = MODELS.get(name);
  if (model === undefined)
    throw new Error(`got "${name}", wanted ${[...MODELS.keys()].join(", ")}`);
  return planOf(model);
}

/** Random images of 28 x 28 pixels in ten classes. What they show does not change how long a step takes. */
export function randomDigits(): Dataset {
  const examples = 64 * BATCH_SIZE;
  const dataset = emptyDataset(examples, [28, 28]);
  const random = new RandomNumbers(seededRandom("chorus/bench/digits/v1"));
  for (const index of dataset.features.keys()) dataset.features[index] = random.unit();
  for (const index of dataset.labels.keys()) dataset.labels[index] = random.below(10);
  return dataset;
}

/** What ways of training are compared on, by name. */
const MODELS: ReadonlyMap<string, ModelTopology> = new Map<string, ModelTopology>([
  ["mlp", mlp()],
  ["lenet", lenet5()],
  ["cnn", mcmahanCnn()],
  ["depthwise", depthwiseCnn()],
  ["lstm", lstm()],
  ["transformer", transformer()],
]);

/** Trains a model on 28 x 28 pixels with plain gradient descent. */
export function planOf(model: ModelTopology): Plan {
  return parsePlan({
    name: "bench",
    model,
    data: { format: "idx", classes: 10, scale: 255 },
    holdOut: 0,
    training: {
      loss: "categoricalCrossentropy",
      optimizer: { kind: "sgd", learningRate: 0.01, momentum: 0 },
      batchSize: BATCH_SIZE,
      localSteps: 100,
    },
    ...SMALLEST_RUN,
    seed: 1,
  });
}
