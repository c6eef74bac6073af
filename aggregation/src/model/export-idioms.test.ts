import { expect, test } from "vitest";
import { parsePlan } from "../plan/parse-plan.ts";
import type { Plan } from "../plan/plan.ts";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";

function sequential(...layers: readonly object[]): object {
  return { class_name: "Sequential", config: { name: "m", layers } };
}

function functional(dtype: string, ...layers: readonly object[]): object {
  const config = { batch_input_shape: [null, 4], dtype };
  const input = { class_name: "InputLayer", name: "x", config, inbound_nodes: [] };
  return {
    class_name: "Functional",
    config: {
      name: "m",
      layers: [input, ...layers],
      input_layers: [["x", 0, 0]],
      output_layers: [["y", 0, 0]],
    },
  };
}

function node(name: string, source: string, layer: object): object {
  return { ...layer, name, inbound_nodes: [[[source, 0, 0]]] };
}

const input = (config: object) => ({ class_name: "InputLayer", config });
const words = { input_dim: 9, output_dim: 2 };
const embedding = (config: object = {}) => ({
  class_name: "Embedding",
  config: { ...words, ...config },
});
const flatten = { class_name: "Flatten", config: {} };
const dense = (config: object = {}) => ({ class_name: "Dense", config: { units: 3, ...config } });
const classes = dense({ activation: "softmax" });
const softmax = (config: object = {}) => ({ class_name: "Softmax", config });
const shape = { batch_input_shape: [null, 4] };

function parse(model: object): Plan {
  return parsePlan({ ...IMAGE_PLAN, data: { format: "idx", classes: 3, scale: 1 }, model });
}

test.each<[string, object, object]>([
  [
    "an InputLayer",
    sequential(input({ ...shape, dtype: "float32", sparse: false, name: "input_1" }), classes),
    sequential(dense({ ...shape, activation: "softmax" })),
  ],
  [
    "an InputLayer of words",
    sequential(input({ ...shape, dtype: "int32" }), embedding(), flatten, classes),
    sequential(embedding(shape), flatten, classes),
  ],
  [
    "the number of words",
    sequential(embedding({ ...shape, input_length: 4 }), flatten, classes),
    sequential(embedding(shape), flatten, classes),
  ],
  [
    "a Softmax layer at the end",
    sequential(dense(shape), softmax()),
    sequential(dense(shape), { class_name: "Activation", config: { activation: "softmax" } }),
  ],
  [
    "an input of words in a graph",
    functional(
      "int32",
      node("e", "x", embedding()),
      node("f", "e", flatten),
      node("y", "f", classes),
    ),
    functional(
      "float32",
      node("e", "x", embedding()),
      node("f", "e", flatten),
      node("y", "f", classes),
    ),
  ],
  [
    "a Softmax layer at the end of a graph",
    functional("float32", node("d", "x", dense()), node("y", "d", softmax({ axis: -1 }))),
    functional(
      "float32",
      node("d", "x", dense()),
      node("y", "d", { class_name: "Activation", config: { activation: "softmax" } }),
    ),
  ],
])("%s, as exports have it, is the plan that has none", (_, exported, plain) => {
  expect(parse(exported)).toEqual(parse(plain));
});

test.each<[string, object, string]>([
  [
    "whole numbers into a layer that computes with them",
    sequential(input({ ...shape, dtype: "int32" }), classes),
    "model.config.layers.0.config.dtype",
  ],
  [
    "whole numbers into a graph that computes with them",
    functional("int32", node("y", "x", classes)),
    "model.config.layers.0.config.dtype",
  ],
  ["two InputLayers", sequential(input(shape), input(shape), classes), "model.config.layers"],
  [
    "an InputLayer further down",
    sequential(dense(shape), input(shape), classes),
    "model.config.layers",
  ],
  ["nothing but an InputLayer", sequential(input(shape)), "model.config.layers"],
  [
    "two shapes of the example",
    sequential(input(shape), dense({ batch_input_shape: [null, 5] }), classes),
    "model.config.layers.1.config.batch_input_shape",
  ],
  [
    "another number of words than the example's",
    sequential(embedding({ ...shape, input_length: 99 }), flatten, classes),
    "model.config.layers.0.config.input_length",
  ],
  [
    "an unknown number of words",
    sequential(embedding({ batch_input_shape: [null, null], input_length: null }), classes),
    "model.config.layers.0.config.batch_input_shape.1",
  ],
  [
    "a Softmax layer of another dimension",
    sequential(dense(shape), softmax({ axis: 2 })),
    "model.config.layers.1.config.axis",
  ],
])("%s is refused with its path", (_, model, path) => {
  expect(() => parse(model)).toThrow(expect.objectContaining({ path }));
});
