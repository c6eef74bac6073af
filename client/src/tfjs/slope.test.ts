import { initialModel, type Layer } from "@chorus/aggregation";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "./backend.ts";
import { buildNetwork } from "./network.ts";
import { imagePlan } from "./samples.test-support.ts";
import { randomBatch } from "./self-test.ts";
import { slopeError } from "./slope.ts";
import {
  doubleTransposed,
  giveNaN,
  loseTransposed,
  withKernel,
} from "./spoiled-kernels.test-support.ts";

const NEVER = new AbortController().signal;

const CLASSES: Layer = { class_name: "Dense", config: { units: 3, activation: "softmax" } };

const FLATTEN: Layer = { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } };

/** With the kinks of relu and of maxima, with dropout, and with steps. */
const MODELS: Readonly<Record<string, readonly Layer[]>> = {
  kinks: [
    { class_name: "Reshape", config: { target_shape: [4, 3, 1], batch_input_shape: [null, 4, 3] } },
    {
      class_name: "Conv2D",
      config: { filters: 8, kernel_size: [3, 3], padding: "same", activation: "relu" },
    },
    { class_name: "MaxPooling2D", config: { pool_size: [2, 2], strides: [1, 1] } },
    { class_name: "Flatten", config: {} },
    { class_name: "Dropout", config: { rate: 0.5 } },
    { class_name: "Dense", config: { units: 16, activation: "elu" } },
    CLASSES,
  ],
  recurrent: [
    { class_name: "LSTM", config: { units: 5, batch_input_shape: [null, 4, 3] } },
    { class_name: "Dense", config: { units: 4, activation: "elu" } },
    CLASSES,
  ],
};

beforeAll(() => openBackend(NEVER));

async function errorOf(layers: readonly Layer[], seed = 7): Promise<number> {
  const plan = imagePlan(layers);
  using network = await buildNetwork(plan);
  const model = initialModel(network.layout, seed);
  return (await slopeError("wasm", network, model, randomBatch(plan, 2), NEVER)).relativeError;
}

describe.each(Object.entries(MODELS))("the slope of the loss: %s:", (_, layers) => {
  test("is the length of the gradient from whatever weights, and no tensor is left", async () => {
    const before = memory().numTensors;
    for (let seed = 0; seed < 12; seed++) expect(await errorOf(layers, seed)).toBeLessThan(0.05);
    expect(memory().numTensors).toBe(before);
  });

  test("is another where a part of the gradient is twice as long", async () => {
    await withKernel("BatchMatMul", doubleTransposed, async () => {
      for (let seed = 0; seed < 4; seed++) expect(await errorOf(layers, seed)).toBeGreaterThan(0.1);
    });
  });

  test("is none where a kernel gives NaN", async () => {
    await withKernel("Elu", giveNaN, async () => expect(await errorOf(layers)).toBeNaN());
  });
});

test("there is no slope where the kernels' gradient is lost", async () => {
  await withKernel("BatchMatMul", loseTransposed, async () => {
    expect(await errorOf([FLATTEN, CLASSES])).toBeNaN();
  });
});
