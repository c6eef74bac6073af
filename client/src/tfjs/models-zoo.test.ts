import {
  exampleShape,
  initialModel,
  layoutOf,
  type ModelTopology,
  RandomNumbers,
  seededRandom,
} from "@chorus/aggregation";
import {
  depthwiseCnn,
  lenet5,
  logisticRegression,
  lstm,
  mcmahanCnn,
  mlp,
  transformer,
} from "@chorus/aggregation/zoo";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Dataset, emptyDataset } from "../data/dataset.ts";
import { onBackend, openBackend } from "./backend.ts";
import { planOf } from "./models.test-support.ts";
import { buildNetwork } from "./network.ts";
import { gradient, worstTensor } from "./self-test.ts";
import { OperationStepper } from "./stepper.ts";

beforeAll(() => openBackend(new AbortController().signal));

const SIDE = 8;
const small = { side: SIDE, classes: 3 };
const MODELS: readonly (readonly [string, ModelTopology])[] = [
  ["logistic regression", logisticRegression(SIDE * SIDE, 3)],
  ["MLP", mlp(small, 16)],
  ["LeNet-5", lenet5({ ...small, side: 12 })],
  ["McMahan's CNN", mcmahanCnn(small)],
  ["depthwise CNN", depthwiseCnn(small)],
  ["LSTM", lstm(small, 16)],
  ["transformer", transformer(small, 8, 2)],
];

/** Images of noise in three classes, each with two rows of pixels that are bright by class. */
function images(examples: number, shape: readonly number[]): Dataset {
  const dataset = emptyDataset(examples, shape);
  const random = new RandomNumbers(seededRandom("zoo"));
  const width = dataset.features.length / examples;
  const side = Math.sqrt(width);
  for (let example = 0; example < examples; example++) {
    const label = random.below(3);
    dataset.labels[example] = label;
    for (let pixel = 0; pixel < width; pixel++) {
      const isBright = Math.floor(pixel / side / 2) === label;
      dataset.features[width * example + pixel] = 0.5 * random.unit() + (isBright ? 1 : 0);
    }
  }
  return dataset;
}

describe.each(MODELS)("%s", (_, model) => {
  const optimizer = { kind: "sgd", learningRate: 0.2, momentum: 0 } as const;
  const plan = planOf(model, 3, { optimizer });
  const batch = images(4, exampleShape(plan));

  test("has the reference's gradient on the WASM backend", async () => {
    using network = await buildNetwork(plan);
    const start = initialModel(network.layout, plan.seed);
    const wanted = await onBackend("cpu", () => gradient(network, start, batch));
    const got = await onBackend("wasm", () => gradient(network, start, batch));
    expect(worstTensor(network.layout, got, wanted).relativeError).toBeLessThan(1e-4);
  });

  test("learns in 50 steps, which leave no tensor behind", async () => {
    const network = await buildNetwork(plan);
    using stepper = new OperationStepper(network, plan);
    stepper.write(initialModel(layoutOf(model), plan.seed));
    const before = await stepper.evaluate(batch);
    using round = stepper.openRound();
    round.step(batch, "1");
    const tensors = memory().numTensors;
    for (let step = 2; step <= 50; step++) round.step(batch, String(step));
    expect(memory().numTensors).toBe(tensors);
    const after = await stepper.evaluate(batch);
    expect(after.loss).toBeLessThan(before.loss / 2);
  });
});
