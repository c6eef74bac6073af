import fc from "fast-check";
import { expect, test } from "vitest";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";
import { initialModel } from "./initial-model.ts";
import { layoutOf } from "./layout.ts";
import { ModelError } from "./model-error.ts";
import { modelHash, type NamedTensor, tensorsHash } from "./model-hash.ts";

const TENSORS: readonly NamedTensor[] = [
  {
    name: "b.weight",
    shape: [700, 1000],
    values: Float32Array.from({ length: 700_000 }, (_, i) => (i % 1000) / 8),
  },
  { name: "a.bias", shape: [10], values: Float32Array.from({ length: 10 }, (_, i) => i) },
  { name: "é", shape: [], values: Float32Array.of(-0.5) },
  { name: "empty", shape: [0, 5], values: new Float32Array(0) },
];

test("the hash of {x: F32[2] = [1, 2]} is FLM1's known answer", () => {
  // Source: the known answer of the FLM1 specification.
  expect(tensorsHash([{ name: "x", shape: [2], values: Float32Array.of(1, 2) }])).toBe(
    "c0a0c2c2f0bc882ef49daed8368a2c0db0611ebf56525e18f5e7ea3cf8871b3d",
  );
});

test("tensors of several chunks, no dimension, no value and no ASCII have the hash of two other implementations", () => {
  // Source: the JavaScript prototype of FLM1, and a Python one written from the specification (hashlib, struct).
  expect(tensorsHash(TENSORS)).toBe(
    "d91bca60b8a7c3d641e075d5dad230173319844318fe4e74928c484dfdecd511",
  );
});

test("the order in which tensors are given does not change their hash", () => {
  const hash = tensorsHash(TENSORS);
  fc.assert(
    fc.property(fc.shuffledSubarray([...TENSORS], { minLength: 4 }), (tensors) => {
      expect(tensorsHash(tensors)).toBe(hash);
    }),
    { numRuns: 20 },
  );
});

test("every bit of a model changes its hash", () => {
  const layout = layoutOf(IMAGE_PLAN.model);
  const hashes = new Set([modelHash(layout, new Float32Array(80))]);
  for (let bit = 0; bit < 80 * 32; bit++) {
    const words = new Uint32Array(80);
    words[bit >>> 5] = 1 << (bit & 31);
    hashes.add(modelHash(layout, new Float32Array(words.buffer)));
  }
  expect(hashes.size).toBe(80 * 32 + 1);
});

test("a bit in the last chunk, a name, a shape and a missing tensor change the hash", () => {
  const [weight, ...others] = TENSORS;
  if (weight === undefined) throw new Error("no tensors");
  const values = weight.values.slice();
  values[699_999] = 0;
  const changed = [
    [{ ...weight, values }, ...others],
    [{ ...weight, name: "c.weight" }, ...others],
    [{ ...weight, shape: [1000, 700] }, ...others],
    others,
    TENSORS,
  ];
  expect(new Set(changed.map((tensors) => tensorsHash(tensors))).size).toBe(changed.length);
});

test("a name has one hash in all its Unicode forms", () => {
  const [composed, decomposed] = ["\u00e9", "e\u0301"].map((name) =>
    tensorsHash([{ name, shape: [], values: Float32Array.of(1) }]),
  );
  expect(composed).toBe(decomposed);
});

test("a model's hash is that of its tensors by name", () => {
  const layout = layoutOf(IMAGE_PLAN.model);
  const model = initialModel(layout, 1);
  expect(modelHash(layout, model)).toBe(
    tensorsHash([
      { name: "dense_4/kernel", shape: [5, 3], values: model.subarray(65) },
      { name: "hidden/bias", shape: [5], values: model.subarray(60, 65) },
      { name: "hidden/kernel", shape: [12, 5], values: model.subarray(0, 60) },
    ]),
  );
});

test("a vector of another length is not hashed as a model", () => {
  expect(() => modelHash(layoutOf(IMAGE_PLAN.model), new Float32Array(81))).toThrow(
    new ModelError("wrong-length", "model has 81 values, wanted 80"),
  );
  expect(() => tensorsHash([{ name: "x", shape: [3], values: new Float32Array(2) }])).toThrow(
    new ModelError("wrong-length", "tensor has 2 values, wanted 3"),
  );
});
