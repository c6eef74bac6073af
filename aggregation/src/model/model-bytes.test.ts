import fc from "fast-check";
import { expect, test } from "vitest";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";
import { layoutOf } from "./layout.ts";
import { modelFromBytes, modelToBytes, requireModel } from "./model-bytes.ts";
import { ModelError } from "./model-error.ts";

/** hidden/kernel [12, 5], hidden/bias [5], dense_4/kernel [5, 3]: 80 parameters. */
const LAYOUT = layoutOf(IMAGE_PLAN.model);

const models = fc.float32Array({
  minLength: 80,
  maxLength: 80,
  noNaN: true,
  noDefaultInfinity: true,
});

test("a model survives the way to bytes and back, bit for bit", () => {
  fc.assert(
    fc.property(models, (model) => {
      expect(modelFromBytes(LAYOUT, modelToBytes(model))).toEqual(model);
    }),
  );
});

test("bytes are little-endian float32", () => {
  // Source: IEEE 754; 1 is 3f800000, -2 is c0000000.
  expect(Buffer.from(modelToBytes(Float32Array.of(1, -2))).toString("hex")).toBe(
    "0000803f000000c0",
  );
});

test("a part of a longer vector has its own bytes only", () => {
  expect(modelToBytes(Float32Array.of(0, 1, 2).subarray(1, 2))).toEqual(
    Uint8Array.of(0, 0, 0x80, 0x3f),
  );
});

test("a model is a copy of its bytes, aligned or not", () => {
  const bytes = new Uint8Array(321).subarray(1);
  const model = modelFromBytes(LAYOUT, bytes);
  bytes.fill(255);
  expect(model).toEqual(new Float32Array(80));
});

test.each([0, 316, 319, 321, 324])("%i bytes are not a model of 320", (length) => {
  expect(() => modelFromBytes(LAYOUT, new Uint8Array(length))).toThrow(
    new ModelError("wrong-length", `model has ${length} bytes, wanted 320`),
  );
});

test.each([
  [0, Number.NaN, "hidden/kernel[0] is NaN"],
  [59, Number.POSITIVE_INFINITY, "hidden/kernel[59] is Infinity"],
  [60, Number.NEGATIVE_INFINITY, "hidden/bias[0] is -Infinity"],
  [79, Number.NaN, "dense_4/kernel[14] is NaN"],
])("parameter %i being %d is refused with its tensor and index", (index, value, place) => {
  const model = new Float32Array(80);
  model[index] = value;
  const refusal = expect.objectContaining({
    code: "non-finite",
    message: `${place}, wanted a finite number`,
  });
  expect(() => requireModel(LAYOUT, model)).toThrow(refusal);
  expect(() => modelFromBytes(LAYOUT, modelToBytes(model))).toThrow(refusal);
});
