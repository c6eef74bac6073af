import fc from "fast-check";
import { expect, test } from "vitest";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";
import { initialModel } from "./initial-model.ts";
import { layoutOf } from "./layout.ts";
import { modelHash } from "./model-hash.ts";
import type { ModelTopology } from "./topology.ts";

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
