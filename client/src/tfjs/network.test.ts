import { initialModel, type Layer } from "@chorus/aggregation";
import { memory, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { openBackend } from "./backend.ts";
import { planOf } from "./models.test-support.ts";
import { buildNetwork, type Network } from "./network.ts";
import { binaryPlan, HIDDEN_LAYER, imagePlan, imagesByRow } from "./samples.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

function lossOf(network: Network, batch: Dataset, dropoutSeed: string): number {
  return tidy(() => network.loss(batch, dropoutSeed).dataSync()[0] ?? Number.NaN);
}

describe("a network", () => {
  test("gives back the flat model that was written, and frees all tensors when disposed", async () => {
    const before = memory().numTensors;
    {
      using network = await buildNetwork(imagePlan(HIDDEN_LAYER));
      const model = initialModel(network.layout, 1);
      network.write(model);
      expect(await network.read()).toEqual(model);
    }
    expect(memory().numTensors).toBe(before);
  });

  test("refuses a model of another length", async () => {
    using network = await buildNetwork(imagePlan(HIDDEN_LAYER));
    expect(() => network.write(new Float32Array(82))).toThrow(
      expect.objectContaining({
        code: "wrong-model",
        message: expect.stringContaining("wanted 83"),
      }),
    );
  });

  test("of one softmax layer has the loss and the hits that the formula gives", async () => {
    const layers: Layer[] = [
      { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
      { class_name: "Dense", config: { units: 3, use_bias: false } },
      { class_name: "Activation", config: { activation: "softmax" } },
    ];
    using network = await buildNetwork(imagePlan(layers));
    const model = initialModel(network.layout, 3);
    const batch = imagesByRow(20, "formula");
    network.write(model);
    let loss = 0;
    let correct = 0;
    for (const [example, label] of batch.labels.entries()) {
      const logits = [0, 1, 2].map((unit) =>
        batch.features
          .subarray(12 * example, 12 * example + 12)
          .reduce((sum, x, pixel) => sum + x * (model[3 * pixel + unit] ?? 0), 0),
      );
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      loss -= Math.log(Math.exp(logits[label] ?? 0) / total) / 20;
      correct += logits[label] === Math.max(...logits) ? 1 : 0;
    }
    const evaluation = await network.evaluate(batch);
    // 36 float32 products and sums of magnitude 1 round by some 1e-6 together.
    expect(Math.abs(evaluation.loss - loss)).toBeLessThan(1e-5);
    expect(evaluation.correct).toBe(correct);
    expect(lossOf(network, batch, "any")).toBe(evaluation.loss);
  });

  test("of one sigmoid unit has the loss and the hits that the formula gives, also where it is certain and wrong", async () => {
    using network = await buildNetwork(binaryPlan());
    network.write(Float32Array.of(1, -2, 0.5));
    const features = Float32Array.of(1, 0, 0, 1, 100, 0, 0, 50);
    const batch = { examples: 4, features, featureShape: [2], labels: Int32Array.of(1, 1, 0, 0) };
    // Logits 1.5, -1.5, 100.5, -99.5: -log(sigmoid(z)) for label 1, -log(1 - sigmoid(z)) for label 0.
    const loss = (Math.log1p(Math.exp(-1.5)) + Math.log1p(Math.exp(1.5)) + 100.5) / 4;
    const evaluation = await network.evaluate(batch);
    expect(Math.abs(evaluation.loss - loss)).toBeLessThan(1e-5);
    expect(evaluation.correct).toBe(2);
  });
});

test.each(["constructor", "__proto__", "toString", "layer_2"])(
  "a layer may be called %s",
  async (name) => {
    const [flatten, hidden, ...others] = HIDDEN_LAYER;
    const called = { ...hidden, config: { ...hidden?.config, name } } as Layer;
    using network = await buildNetwork(imagePlan([flatten as Layer, called, ...others]));
    expect(network.layout.tensors[0]?.name).toBe(`${name}/kernel`);
    expect(network.variables.map(({ shape }) => shape)).toEqual([[12, 5], [5], [5, 3], [3]]);
  },
);

test("a network with a table of words refuses numbers that are not in it, and trains on those that are", async () => {
  const layers: Layer[] = [
    {
      class_name: "Embedding",
      config: { batch_input_shape: [null, 4], input_dim: 6, output_dim: 2 },
    },
    { class_name: "Flatten", config: {} },
    { class_name: "Dense", config: { units: 3, activation: "softmax" } },
  ];
  using network = await buildNetwork(
    planOf({ class_name: "Sequential", config: { name: "words", layers } }, 3),
  );
  const batch = (...features: number[]) => ({
    examples: 1,
    features: Float32Array.from(features),
    featureShape: [4],
    labels: Int32Array.of(1),
  });
  expect((await network.evaluate(batch(0, 5, 2, 2))).loss).toBeCloseTo(Math.log(3), 5);
  for (const wrong of [6, -1, 0.5]) {
    await expect(network.evaluate(batch(0, 1, 2, wrong))).rejects.toMatchObject({
      code: "bad-data",
      message: expect.stringContaining("wanted whole numbers from 0 to 5"),
    });
  }
});

describe("dropout", () => {
  const layers: Layer[] = [
    { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
    { class_name: "Dropout", config: { rate: 0.5 } },
    { class_name: "Dense", config: { units: 3, activation: "softmax" } },
  ];
  const batch = imagesByRow(16, "dropout");

  test("leaves out the same values for the same seed and others for another", async () => {
    using network = await buildNetwork(imagePlan(layers));
    network.write(initialModel(network.layout, 5));
    expect(lossOf(network, batch, "a")).toBe(lossOf(network, batch, "a"));
    expect(lossOf(network, batch, "a")).not.toBe(lossOf(network, batch, "b"));
  });

  test("leaves out nothing in evaluation", async () => {
    using network = await buildNetwork(imagePlan(layers));
    using plain = await buildNetwork(
      imagePlan(layers.filter((layer) => layer.class_name !== "Dropout")),
    );
    for (const each of [network, plain]) each.write(initialModel(plain.layout, 5));
    expect(await network.evaluate(batch)).toEqual(await plain.evaluate(batch));
  });
});
