import fc from "fast-check";
import { expect, test } from "vitest";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";
import { initialModel } from "./initial-model.ts";
import { layoutOf } from "./layout.ts";
import { modelHash } from "./model-hash.ts";
import type { Layer, ModelTopology } from "./topology.ts";

const LAYOUT = layoutOf(IMAGE_PLAN.model);

function denseModel(inputs: number, units: number): ModelTopology {
  const config = { units, batch_input_shape: [null, inputs] as const };
  return {
    class_name: "Sequential",
    config: { name: "m", layers: [{ class_name: "Dense", config }] },
  };
}

test.each([
  // Source: a Python implementation of HKDF-SHA256, AES-128-CTR (cryptography), Glorot's limit and FLM1 (hashlib).
  [15, 1, "9a823c47c4338fcc6ea1656f6fe2ca9409ca356008914fb07bc2f27530e11d8e"],
  [784, 32, "d3ab1c3db84daa45c9bb392897cb5b682e45fd22817e66935f31a5f6f4dfab92"],
])(
  "a dense layer from %i to %i has the initial model of a second implementation",
  (inputs, units, hash) => {
    const layout = layoutOf(denseModel(inputs, units));
    expect(modelHash(layout, initialModel(layout, 42))).toBe(hash);
  },
);

test("the same seed gives the same model, another seed other kernels", () => {
  const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(seeds, seeds, (seed, other) => {
      fc.pre(seed !== other);
      expect(initialModel(LAYOUT, seed)).toEqual(initialModel(LAYOUT, seed));
      expect(modelHash(LAYOUT, initialModel(LAYOUT, seed))).not.toBe(
        modelHash(LAYOUT, initialModel(LAYOUT, other)),
      );
    }),
  );
});

test("kernels stay within Glorot's limit and reach near it, biases are zero", () => {
  const layout = layoutOf(denseModel(300, 100));
  const model = initialModel(layout, 7);
  const kernel = model.subarray(0, 30_000);
  const limit = Math.sqrt(6 / 400);
  const largest = kernel.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // One rounding to float32 moves a value by at most 2^-24 of itself; 30 000 draws that all miss the last
  // thousandth of the range have probability 0.999^30000 < 1e-13.
  expect(largest).toBeLessThanOrEqual(limit * (1 + 2 ** -24));
  expect(largest).toBeGreaterThan(0.999 * limit);
  expect(model.subarray(30_000)).toEqual(new Float32Array(100));
});

test("a uniform kernel's mean and variance are those of the distribution", () => {
  const kernel = initialModel(layoutOf(denseModel(300, 100)), 7).subarray(0, 30_000);
  const variance = 6 / 400 / 3;
  const mean = kernel.reduce((sum, value) => sum + value, 0) / kernel.length;
  const square = kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length;
  // Six standard errors: sd/sqrt(n) for the mean; a uniform square has standard deviation variance * sqrt(4/5).
  expect(Math.abs(mean)).toBeLessThan(6 * Math.sqrt(variance / kernel.length));
  expect(Math.abs(square - variance)).toBeLessThan(6 * variance * Math.sqrt(0.8 / kernel.length));
});

test("layers of one shape start from different kernels", () => {
  const model = initialModel(
    layoutOf({
      class_name: "Sequential",
      config: {
        name: "m",
        layers: [
          {
            class_name: "Dense",
            config: { units: 4, use_bias: false, batch_input_shape: [null, 4] },
          },
          { class_name: "Dense", config: { units: 4, use_bias: false } },
        ],
      },
    }),
    42,
  );
  expect(model.subarray(0, 16)).not.toEqual(model.subarray(16));
});

/** Initial values of the tensors of one layer over examples of a shape, by name. */
function initialValues(shape: readonly number[], layer: Layer): Map<string, Float32Array> {
  const config = { ...layer.config, name: "x", batch_input_shape: [null, ...shape] };
  const layers = [{ class_name: layer.class_name, config } as unknown as Layer];
  const layout = layoutOf({ class_name: "Sequential", config: { name: "m", layers } });
  const model = initialModel(layout, 1);
  return new Map(
    layout.tensors.map(({ name, offset, size }) => [name, model.subarray(offset, offset + size)]),
  );
}

test.each<[string, readonly number[], Layer, string, number, number]>([
  [
    "a convolution's kernel",
    [8, 8, 20],
    { class_name: "Conv2D", config: { filters: 30, kernel_size: [3, 5] } },
    "x/kernel",
    3 * 5 * 20,
    3 * 5 * 30,
  ],
  [
    "a kernel of one channel",
    [8, 8, 200],
    { class_name: "DepthwiseConv2D", config: { kernel_size: [3, 5], depth_multiplier: 2 } },
    "x/depthwise_kernel",
    3 * 5,
    3 * 5 * 2,
  ],
  [
    "the kernels of four gates",
    [5, 40],
    { class_name: "LSTM", config: { units: 30 } },
    "x/recurrent_kernel",
    30,
    120,
  ],
])(
  "%s is within Glorot's limit for what its values see, and reaches near it",
  (_, shape, layer, name, fanIn, fanOut) => {
    const kernel = initialValues(shape, layer).get(name) ?? new Float32Array();
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    const largest = kernel.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // 3600 draws or more that all miss the last hundredth of the range have probability 0.99^3600 < 1e-15.
    expect(kernel.length).toBeGreaterThanOrEqual(3600);
    expect(largest).toBeLessThanOrEqual(limit * (1 + 2 ** -24));
    expect(largest).toBeGreaterThan(0.99 * limit);
  },
);

test("an LSTM's forget gate begins open, and a normalisation does nothing but normalise", () => {
  const lstm = initialValues([5, 4], { class_name: "LSTM", config: { units: 2 } });
  expect(lstm.get("x/bias")).toEqual(Float32Array.of(0, 0, 1, 1, 0, 0, 0, 0));
  const norm = initialValues([5, 3], { class_name: "LayerNormalization", config: {} });
  expect(norm.get("x/gamma")).toEqual(Float32Array.of(1, 1, 1));
  expect(norm.get("x/beta")).toEqual(new Float32Array(3));
});
