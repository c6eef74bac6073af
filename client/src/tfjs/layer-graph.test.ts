import { type Layer, type ModelGraph, modelGraph } from "@chorus/aggregation";
import { memory, ones, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "./backend.ts";
import { buildLayers } from "./layer-graph.ts";
import { classifier, node, planOf } from "./models.test-support.ts";
import { buildNetwork } from "./network.ts";

beforeAll(() => openBackend(new AbortController().signal));

test("a layer to which TensorFlow.js gives another shape is refused, and its tensors are freed", async () => {
  const graph = modelGraph(classifier([6], [node("Dense", { units: 4 })]));
  const layers = graph.layers.map((layer) =>
    layer.name === "layer" ? { ...layer, output: [5] } : layer,
  );
  const wrong: ModelGraph = { ...graph, layers };
  const before = memory().numTensors;
  await expect(buildLayers(wrong)).rejects.toMatchObject({
    code: "wrong-model",
    message: "TensorFlow.js gives layer the shape [null,4], wanted [null,5]",
  });
  expect(memory().numTensors).toBe(before);
});

test("tensors that are not the layout's are refused, and freed", async () => {
  // What no plan says, and leaves one tensor out.
  const config = { batch_input_shape: [null, 6], scale: false };
  const layers = [
    { class_name: "LayerNormalization", config } as unknown as Layer,
    { class_name: "Dense", config: { units: 2, activation: "softmax" } } as const,
  ];
  const plan = planOf(classifier([6], [node("Dense", { units: 4 })]), 2);
  const model = { class_name: "Sequential", config: { name: "wrong", layers } } as const;
  const before = memory().numTensors;
  await expect(buildNetwork({ ...plan, model })).rejects.toMatchObject({
    code: "wrong-model",
    message: expect.stringMatching(/^TensorFlow\.js builds tensors \[6\] \[6, 2\]/),
  });
  expect(memory().numTensors).toBe(before);
});

test("two dropout layers leave out other values of one input", async () => {
  const dropout = (name: string) => node("Dropout", { rate: 0.5 }, name);
  const both = node("Concatenate", {}, "layer", ["first", "second"]);
  const graph = modelGraph(classifier([200], [dropout("first"), dropout("second"), both]));
  const layers = graph.layers.slice(0, 3);
  using built = await buildLayers({ ...graph, layers });
  const kept = tidy(() => built.apply(ones([1, 200]), "seed").dataSync());
  // Of 200 pairs of fair draws, all agree with probability 2^-200.
  expect(kept.subarray(0, 200)).not.toEqual(kept.subarray(200));
});
