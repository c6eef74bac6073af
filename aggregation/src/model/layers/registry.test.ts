import fc from "fast-check";
import { expect, test } from "vitest";
import { PlanError } from "../../plan/plan-error.ts";
import { LAYER_CLASSES, type Layer, outputOf, tensorsOf } from "./registry.ts";
import { MAX_PARAMETERS } from "./value-count.ts";

/** Sizes that a schema lets through: small, and up to the largest. */
const size = fc.oneof(
  fc.integer({ min: 1, max: 8 }),
  fc.constantFrom(1000, 7071, 7072, 1_000_000, MAX_PARAMETERS),
);
const two = fc.tuple(size, size);
const margins = fc.tuple(two, two);
const shape = fc.array(size, { minLength: 1, maxLength: 4 });

/** Keys of every class: a layer does not look at others'. */
const keys = fc.record({
  units: size,
  filters: size,
  kernel_size: two,
  pool_size: two,
  strides: two,
  depth_multiplier: size,
  target_shape: shape,
  dims: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  n: size,
  cropping: margins,
  input_dim: size,
  output_dim: size,
  axis: fc.integer({ min: -4, max: 4 }),
  axes: fc.oneof(fc.constantFrom(1, -1), fc.tuple(fc.constantFrom(1, -2), fc.constantFrom(2, -1))),
  return_sequences: fc.boolean(),
});

function layerOf(className: string): fc.Arbitrary<Layer> {
  const padding = className === "ZeroPadding2D" ? margins : fc.constantFrom("valid", "same");
  return fc
    .tuple(keys, padding)
    .map(([config, found]) => ({ class_name: className, config: { ...config, padding: found } }))
    .map((layer) => layer as unknown as Layer);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, value) => result * value, 1);
}

test.each(LAYER_CLASSES)(
  "%s of any sizes gives a shape within the limits and tensors of safe integers, or a PlanError",
  (className) => {
    const inputs = fc
      .array(shape, { minLength: 2, maxLength: 3 })
      .filter((shapes) => shapes.every((sizes) => product(sizes) <= MAX_PARAMETERS));
    const property = fc.property(layerOf(className), inputs, (layer, shapes) => {
      try {
        const output = outputOf(layer, shapes, "layer");
        expect(product(output)).toBeGreaterThan(0);
        expect(product(output)).toBeLessThanOrEqual(MAX_PARAMETERS);
        for (const tensor of tensorsOf(layer, shapes)) {
          expect(tensor.shape.every((length) => Number.isSafeInteger(length) && length > 0)).toBe(
            true,
          );
          expect(product(tensor.shape)).toBeLessThanOrEqual(MAX_PARAMETERS);
        }
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
      }
    });
    fc.assert(property, { numRuns: 300 });
  },
);
