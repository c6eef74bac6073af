import {
  type FunctionalTopology,
  initialModel,
  type ModelTopology,
  type Plan,
  PlanError,
} from "@chorus/aggregation";
import { memory, tidy } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { onBackend, openBackend } from "./backend.ts";
import { classifier, type LayerClass, node, planOf } from "./models.test-support.ts";
import { buildNetwork, type Network } from "./network.ts";
import { gradient, randomBatch, SELF_TEST_SEED } from "./self-test.ts";

const small = fc.integer({ min: 1, max: 4 });
const upTo8 = fc.integer({ min: 1, max: 8 });
const features = fc.tuple(upTo8);
const rows = fc.tuple(upTo8, small);
const image = fc.tuple(upTo8, upTo8, small);
const volume = fc.tuple(small, small, small, small);
const anyShape = fc.oneof(features, rows, image, volume);
const one = fc.tuple(small);
const two = fc.tuple(small, small);
const margin = fc.nat({ max: 2 });
const margins = fc.tuple(fc.tuple(margin, margin), fc.tuple(margin, margin));
const flag = fc.boolean();
const padding = fc.constantFrom("valid", "same");
const activation = fc.constantFrom("linear", "relu", "tanh", "sigmoid");
const axis = fc.integer({ min: -4, max: 4 });
const dotAxis = fc.constantFrom(1, 2);
const dotAxes = fc.oneof(fc.constantFrom(1, 2, -1, -2), fc.tuple(dotAxis, dotAxis));

const kernel = { strides: two, padding, activation, use_bias: flag };
const recurrent = {
  activation: fc.constantFrom("tanh", "sigmoid"),
  use_bias: flag,
  return_sequences: flag,
};
const gated = { ...recurrent, recurrent_activation: fc.constantFrom("sigmoid", "hard_sigmoid") };

type Keys = Readonly<Record<string, fc.Arbitrary<unknown>>>;

type Cases = (className: LayerClass) => fc.Arbitrary<FunctionalTopology>;

/** Examples of a shape into one layer, with all keys of `required` and any of `optional`. */
function layer(
  input: fc.Arbitrary<readonly number[]>,
  required: Keys | ((shape: readonly number[]) => Keys) = {},
  optional: Keys = {},
): Cases {
  return (className) =>
    input.chain((shape) => {
      const needed = typeof required === "function" ? required(shape) : required;
      const requiredKeys = Object.keys(needed);
      return fc.record({ ...needed, ...optional }, { requiredKeys }).map((config) => {
        if (className === "Embedding") return classifier(shape, [node(className, config)]);
        // So that the layer's gradient for its input is one for weights, too.
        const before = node("Dense", { units: shape.at(-1) }, "before");
        return classifier(shape, [before, node(className, config, "layer", ["before"])]);
      });
    });
}

/** Examples and one or more dense layers of them into one layer. */
function merge(
  input: fc.Arbitrary<readonly number[]>,
  keys: Keys,
  requiredKeys: readonly string[],
  most: number,
): Cases {
  return (className) =>
    input.chain((shape) => {
      const width = fc.oneof(fc.constant(shape.at(-1)), small);
      const widths = fc.array(width, { minLength: 1, maxLength: most });
      const config = fc.record(keys, { requiredKeys: [...requiredKeys] });
      return fc.tuple(config, widths).map(([found, units]) => {
        const others = units.map((unitCount, index) =>
          node("Dense", { units: unitCount }, `other_${index}`),
        );
        const sources = ["example", ...others.map(({ name }) => name)];
        return classifier(shape, [...others, node(className, found, "layer", sources)]);
      });
    });
}

/** Shapes of as many values, and any. */
function reshaped(shape: readonly number[]): Keys {
  const values = shape.reduce((product, size) => product * size, 1);
  const fitting = fc.constantFrom([values], [1, values], shape.toReversed());
  return { target_shape: fc.oneof(fitting, anyShape) };
}

/** Orders of the dimensions, and what is none. */
function permuted(shape: readonly number[]): Keys {
  const dims = shape.map((_, index) => index + 1);
  const orders = fc.shuffledSubarray(dims, { minLength: dims.length });
  return { dims: fc.oneof(orders, fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 })) };
}

const windows2d = { pool_size: two };
const windows1d = { pool_size: one };
const pooling2d = layer(image, windows2d, { strides: two, padding });
const pooling1d = layer(rows, windows1d, { strides: one, padding });
const elementwise = merge(anyShape, {}, [], 2);

const CASES: {
  readonly [Class in LayerClass]: Cases;
} = {
  Dense: layer(anyShape, { units: small }, { activation, use_bias: flag }),
  Activation: layer(anyShape, { activation: fc.constantFrom("elu", "swish", "gelu", "softmax") }),
  ReLU: layer(anyShape),
  LeakyReLU: layer(anyShape, {}, { alpha: fc.constantFrom(0, 0.5) }),
  ELU: layer(anyShape),
  Softmax: layer(anyShape, {}, { axis }),
  Dropout: layer(anyShape, { rate: fc.constantFrom(0, 0.5) }),
  Rescaling: layer(anyShape, { scale: fc.constantFrom(-2, 0.5) }, { offset: fc.constant(3) }),
  Flatten: layer(anyShape),
  Reshape: layer(anyShape, reshaped),
  Permute: layer(anyShape, permuted),
  RepeatVector: layer(anyShape, { n: small }),
  Conv1D: layer(rows, { filters: small, kernel_size: one }, { ...kernel, strides: one }),
  Conv2D: layer(image, { filters: small, kernel_size: two }, kernel),
  Conv2DTranspose: layer(image, { filters: small, kernel_size: two }, kernel),
  DepthwiseConv2D: layer(image, { kernel_size: two }, { ...kernel, depth_multiplier: small }),
  SeparableConv2D: layer(
    image,
    { filters: small, kernel_size: two },
    { ...kernel, depth_multiplier: small },
  ),
  ZeroPadding2D: layer(image, { padding: margins }),
  Cropping2D: layer(image, { cropping: margins }),
  MaxPooling1D: pooling1d,
  MaxPooling2D: pooling2d,
  AveragePooling1D: pooling1d,
  AveragePooling2D: pooling2d,
  GlobalMaxPooling1D: layer(rows),
  GlobalMaxPooling2D: layer(image),
  GlobalAveragePooling1D: layer(rows),
  GlobalAveragePooling2D: layer(image),
  SimpleRNN: layer(rows, { units: small }, recurrent),
  GRU: layer(rows, { units: small }, gated),
  LSTM: layer(rows, { units: small }, gated),
  Embedding: layer(anyShape, { input_dim: small, output_dim: small }),
  LayerNormalization: layer(anyShape, {}, { axis }),
  Add: elementwise,
  Multiply: elementwise,
  Average: elementwise,
  Maximum: elementwise,
  Minimum: elementwise,
  Concatenate: merge(anyShape, { axis }, [], 2),
  Dot: merge(rows, { axes: dotAxes }, ["axes"], 1),
};

/** For each class of layers, models with one of them that a plan may have or not. */
const LAYER_CASES: readonly (readonly [string, fc.Arbitrary<FunctionalTopology>])[] =
  Object.entries(CASES).map(([className, make]) => [className, make(className as LayerClass)]);

beforeAll(() => openBackend(new AbortController().signal));

/** A plan with the model, unless it is refused as a plan should be. */
function acceptedPlan(model: ModelTopology): Plan | undefined {
  try {
    return planOf(model, 2);
  } catch (error) {
    if (error instanceof PlanError) return undefined;
    throw error;
  }
}

/** Largest difference / largest value of the reference, over all weights: sums may cancel within one tensor. */
function relativeError(values: Float32Array, reference: Float32Array): number {
  const largest = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = reference.map((value, index) => Math.abs(value - (values[index] ?? Number.NaN)));
  return Math.max(...apart) / largest;
}

/** Loss of a batch at a model, with dropout as {@link gradient} has it. */
function lossAt(network: Network, model: Float32Array, batch: Dataset): number {
  network.write(model);
  return tidy(() => network.loss(batch, SELF_TEST_SEED).dataSync()[0] ?? Number.NaN);
}

/** Change of the loss along a direction, of length 1, by the step. */
function slope(network: Network, model: Float32Array, batch: Dataset, direction: Float32Array) {
  const step = 1e-3;
  const ahead = model.map((value, index) => value + step * (direction[index] ?? Number.NaN));
  const behind = model.map((value, index) => value - step * (direction[index] ?? Number.NaN));
  return (lossAt(network, ahead, batch) - lossAt(network, behind, batch)) / (2 * step);
}

// Both backends may be wrong in the same way. The same models every time: a step may cross a kink.
describe("the loss falls along the gradient as fast as the gradient is long:", () => {
  test.each(LAYER_CASES)("%s", async (_, models) => {
    const plans = fc.sample(models, { seed: 4, numRuns: 60 }).map(acceptedPlan);
    const accepted = plans.filter((plan) => plan !== undefined).slice(0, 4);
    expect(accepted.length).toBe(4);
    for (const plan of accepted) {
      using network = await buildNetwork(plan);
      const start = initialModel(network.layout, 1);
      const batch = randomBatch(plan, 3);
      const steepest = await gradient(network, start, batch);
      const length = Math.hypot(...steepest);
      const direction = steepest.map((value) => value / length);
      const error = Math.abs(slope(network, start, batch, direction) - length) / length;
      if (length > 0.01) expect(error, JSON.stringify(plan.model)).toBeLessThan(0.03);
    }
  });
});

describe("whatever its config, a plan's layer has the shapes that TensorFlow.js builds, the reference's gradient, and leaves no tensor:", () => {
  test.each(LAYER_CASES)("%s", async (_, models) => {
    const property = fc.asyncProperty(models, async (model) => {
      const plan = acceptedPlan(model);
      fc.pre(plan !== undefined);
      const before = memory().numTensors;
      {
        // Refuses tensors and outputs of other shapes than the layout's.
        using network = await buildNetwork(plan);
        const start = initialModel(network.layout, 1);
        const batch = randomBatch(plan, 3);
        const wanted = await onBackend("cpu", () => gradient(network, start, batch));
        const got = await onBackend("wasm", () => gradient(network, start, batch));
        expect(relativeError(got, wanted)).toBeLessThan(1e-4);
      }
      expect(memory().numTensors).toBe(before);
    });
    await fc.assert(property, { numRuns: 8 });
  });
});
