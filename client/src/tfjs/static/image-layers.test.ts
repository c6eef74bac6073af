import type { Layer } from "@chorus/aggregation";
import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { buildNetwork } from "../network.ts";
import { imagePlan } from "../samples.test-support.ts";
import { gradient, SELF_TEST_SEED, worstTensor } from "../self-test.ts";
import { lowerModel } from "./lowered-model.ts";
import { biasedModel, images, openProgram } from "./programs.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

const IMAGE: Layer = {
  class_name: "Reshape",
  config: { target_shape: [4, 3, 1], batch_input_shape: [null, 4, 3] },
};
const FLATTEN: Layer = { class_name: "Flatten", config: {} };
const CLASSES: Layer = { class_name: "Dense", config: { units: 3, activation: "softmax" } };
const CONV: Layer = {
  class_name: "Conv2D",
  config: { filters: 5, kernel_size: [3, 2], padding: "same", activation: "relu" },
};

const MODELS: readonly (readonly [string, readonly Layer[]])[] = [
  [
    "convolutions with borders, with strides, and without a bias, around maxima that overlap",
    [
      IMAGE,
      CONV,
      {
        class_name: "MaxPooling2D",
        config: { pool_size: [2, 2], strides: [1, 1], padding: "same" },
      },
      {
        class_name: "Conv2D",
        config: { filters: 4, kernel_size: [2, 2], strides: [2, 1], use_bias: false },
      },
      FLATTEN,
      CLASSES,
    ],
  ],
  [
    "means over windows and over all pixels",
    [
      IMAGE,
      CONV,
      { class_name: "AveragePooling2D", config: { pool_size: [2, 1], strides: [1, 1] } },
      { class_name: "Activation", config: { activation: "tanh" } },
      { class_name: "GlobalAveragePooling2D", config: {} },
      CLASSES,
    ],
  ],
  [
    "convolutions by channel, several for each, and over channels",
    [
      IMAGE,
      CONV,
      {
        class_name: "DepthwiseConv2D",
        config: {
          kernel_size: [2, 3],
          strides: [2, 2],
          padding: "same",
          depth_multiplier: 2,
          activation: "relu",
        },
      },
      {
        class_name: "SeparableConv2D",
        config: { filters: 3, kernel_size: [2, 2], activation: "relu" },
      },
      FLATTEN,
      CLASSES,
    ],
  ],
  [
    "a convolution of single pixels, sigmoids and maxima over all pixels",
    [
      IMAGE,
      {
        class_name: "Conv2D",
        config: { filters: 6, kernel_size: [1, 1], activation: "sigmoid" },
      },
      { class_name: "Dropout", config: { rate: 0.3 } },
      { class_name: "GlobalMaxPooling2D", config: {} },
      CLASSES,
    ],
  ],
];

describe.each(MODELS)("the gradient through %s", (_name, layers) => {
  test("is that of TensorFlow.js, for any number of examples, as is the loss", async () => {
    const plan = imagePlan(layers);
    using program = openProgram(plan);
    using network = await buildNetwork(plan);
    const model = biasedModel(plan);
    for (const examples of [8, 1, 5]) {
      const batch = images(examples, "image-layers");
      const wanted = await gradient(network, model, batch);
      program.write(model);
      program.load(batch);
      program.forward(SELF_TEST_SEED);
      program.backward();
      const worst = worstTensor(network.layout, program.readGradient(), wanted);
      expect(worst.relativeError).toBeLessThan(1e-5);
      const [loss, wantedLoss] = [await program.evaluate(batch), await network.evaluate(batch)];
      expect(Math.abs(loss.loss - wantedLoss.loss)).toBeLessThan(1e-6);
      expect(wanted.every((value) => value === 0)).toBe(false);
    }
  });
});

test("a layer without a static plan is named", () => {
  const layers: Layer[] = [
    {
      class_name: "Conv1D",
      config: { filters: 2, kernel_size: [2], batch_input_shape: [null, 4, 3] },
    },
    FLATTEN,
    CLASSES,
  ];
  expect(lowerModel(imagePlan(layers))).toEqual({
    unsupported: "layer 1 (Conv1D) has no static plan",
  });
});
