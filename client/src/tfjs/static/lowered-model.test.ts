import type { Layer } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { HIDDEN_LAYER, imagePlan } from "../samples.test-support.ts";
import { lowerModel } from "./lowered-model.ts";
import { STATIC_LAYERS } from "./programs.test-support.ts";

test("a model becomes products with their positive part, and dropout by its place among the layers", () => {
  expect(lowerModel(imagePlan(STATIC_LAYERS))).toMatchObject({
    inputs: 12,
    outputs: 3,
    operations: [
      { kind: "dense", inputs: 12, outputs: 7, kernel: 0, bias: 84, isRelu: true },
      { kind: "dropout", inputs: 7, outputs: 7, rate: 0.25, layer: 2 },
      { kind: "dense", inputs: 7, outputs: 6, kernel: 91, bias: undefined, isRelu: true },
      { kind: "dense", inputs: 6, outputs: 3, kernel: 133, bias: 151, isRelu: false },
    ],
  });
});

test("what changes nothing leaves no operation, and a positive part that follows no product is one", () => {
  const layers: Layer[] = [
    { class_name: "Activation", config: { activation: "relu", batch_input_shape: [null, 4, 3] } },
    { class_name: "Flatten", config: {} },
    { class_name: "Activation", config: { activation: "linear" } },
    { class_name: "Dropout", config: { rate: 0 } },
    { class_name: "Dense", config: { units: 3 } },
    { class_name: "Activation", config: { activation: "softmax" } },
  ];
  const model = lowerModel(imagePlan(layers));
  expect(model).toMatchObject({
    operations: [
      { kind: "relu", inputs: 12, outputs: 12 },
      { kind: "dense", inputs: 12, outputs: 3, isRelu: false },
    ],
  });
});

test("a layer that is not supported is named with its place and what it has", () => {
  const unsupported = "layer 2 (Dense) has the activation elu";
  expect(lowerModel(imagePlan(HIDDEN_LAYER))).toEqual({ unsupported });
});
