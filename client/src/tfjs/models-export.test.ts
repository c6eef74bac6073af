import { canonicalPlan, initialModel, layoutOf, type Plan, parsePlan } from "@chorus/aggregation";
import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { openBackend } from "./backend.ts";
import { planOf } from "./models.test-support.ts";
import { buildNetwork } from "./network.ts";
import { randomBatch } from "./self-test.ts";

beforeAll(() => openBackend(new AbortController().signal));

function imageClassifier(): LayersModel {
  return sequential({
    layers: [
      layers.conv2d({
        filters: 3,
        kernelSize: 3,
        activation: "relu",
        inputShape: [8, 8, 2],
        kernelInitializer: "heNormal",
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.separableConv2d({ filters: 4, kernelSize: 2, padding: "same" }),
      layers.leakyReLU(),
      layers.globalAveragePooling2d({}),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
  });
}

/** The library's default for recurrent kernels does not work in Node. */
const recurrentInitializer = "glorotUniform";

function textClassifier(): LayersModel {
  return sequential({
    layers: [
      layers.embedding({ inputDim: 20, outputDim: 4, inputLength: 6 }),
      layers.lstm({ units: 5, returnSequences: true, unitForgetBias: true, recurrentInitializer }),
      layers.gru({ units: 4, recurrentInitializer }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
  });
}

/** An input of whole numbers, an embedding that does not say how many, and a layer of its own for the activation. */
function wordGraph(): LayersModel {
  const words = input({ shape: [6], dtype: "int32" });
  const table = layers.embedding({ inputDim: 20, outputDim: 4 }).apply(words) as SymbolicTensor;
  const flat = layers.flatten().apply(table) as SymbolicTensor;
  const logits = layers.dense({ units: 3 }).apply(flat) as SymbolicTensor;
  return model({ inputs: words, outputs: layers.softmax().apply(logits) as SymbolicTensor });
}

/** A layer for the input alone. */
function inputFirst(): LayersModel {
  return sequential({
    layers: [
      layers.inputLayer({ inputShape: [5] }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
  });
}

function attention(): LayersModel {
  const rows = input({ shape: [5, 4] });
  const apply = (layer: unknown, ...inputs: SymbolicTensor[]) =>
    (layer as ReturnType<typeof layers.dense>).apply(
      inputs.length === 1 && inputs[0] !== undefined ? inputs[0] : inputs,
    ) as SymbolicTensor;
  const [query, key, value] = [4, 4, 4].map((units) => apply(layers.dense({ units }), rows));
  if (query === undefined || key === undefined || value === undefined) throw new Error("three");
  const products = apply(layers.dot({ axes: [2, 2] }), query, key);
  const shares = apply(
    layers.softmax({ axis: -1 }),
    apply(layers.rescaling({ scale: 0.5 }), products),
  );
  const attended = apply(layers.dot({ axes: [2, 1] }), shares, value);
  const sum = apply(layers.layerNormalization(), apply(layers.add(), rows, attended));
  const both = apply(layers.concatenate(), sum, rows);
  const flat = apply(layers.flatten(), both);
  const outputs = apply(layers.dense({ units: 3, activation: "softmax" }), flat);
  return model({ inputs: rows, outputs });
}

/** Mean loss of a stock model that has been given a plan's initial weights, layer by layer. */
function stockLoss(stock: LayersModel, plan: Plan, batch: Dataset): number {
  const { tensors, ...layout } = layoutOf(plan.model);
  const flat = initialModel({ tensors, ...layout }, plan.seed);
  return tidy(() => {
    for (const layer of stock.layers) {
      const own = tensors.filter(({ name }) => name.startsWith(`${layer.name}/`));
      layer.setWeights(
        own.map(({ offset, size, shape }) =>
          tensor(flat.subarray(offset, offset + size), [...shape]),
        ),
      );
    }
    const examples = tensor(batch.features, [batch.examples, ...batch.featureShape]);
    const shares = (stock.predict(examples) as Tensor).dataSync();
    const losses = [...batch.labels].map(
      (label, index) => -Math.log(shares[3 * index + label] ?? 0),
    );
    return losses.reduce((sum, loss) => sum + loss, 0) / batch.examples;
  });
}

describe("a model that TensorFlow.js exports is a plan's model as it is, and computes the same:", () => {
  test.each([
    ["convolutions in a row", imageClassifier],
    ["words", textClassifier],
    ["words in a graph", wordGraph],
    ["an InputLayer in a row", inputFirst],
    ["attention with a residual connection", attention],
  ])("%s", async (_, build) => {
    const stock = build();
    const plan = planOf(JSON.parse(JSON.stringify(stock.toJSON(null, false))), 3);
    const batch = randomBatch(plan, 4);
    using network = await buildNetwork(plan);
    network.write(initialModel(network.layout, plan.seed));
    const { loss } = await network.evaluate(batch);
    // A few hundred sums and products, each rounded to 2^-24.
    expect(Math.abs(loss - stockLoss(stock, plan, batch))).toBeLessThan(1e-5);
    expect(canonicalPlan(parsePlan(canonicalPlan(plan)))).toBe(canonicalPlan(plan));
    stock.dispose();
  });
});
