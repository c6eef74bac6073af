import {
  add,
  div,
  dropout,
  floor,
  ones,
  randomUniform,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { alea } from "./alea.ts";
import { dropoutFactor, fillDropoutMask, rectifyInto } from "./elementwise.ts";

beforeAll(() => openBackend(new AbortController().signal));

describe("the seeded generator", () => {
  test("gives the numbers of TensorFlow.js for every seed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (seed) => {
        const random = alea(seed);
        const wanted = tidy(() => randomUniform([40], 0, 1, "float32", seed).dataSync());
        expect(Float32Array.from({ length: 40 }, random)).toEqual(wanted);
      }),
    );
  });
});

describe("a dropout mask", () => {
  test("is, bit for bit, what tf.dropout multiplies by, for every rate and seed", () => {
    const rate = fc.double({ min: 1e-9, max: 1 - 1e-6, noNaN: true });
    fc.assert(
      fc.property(rate, fc.string(), (rate, seed) => {
        const mask = new Float32Array(60);
        fillDropoutMask(mask, rate, seed);
        const wanted = tidy(() => dropout(ones([60]), rate, undefined, seed).dataSync());
        expect(mask).toEqual(wanted);
      }),
    );
  });

  test("rounds as TensorFlow.js does where a number is next to the rate", () => {
    const rate = fc.double({ min: 1e-9, max: 1 - 1e-6, noNaN: true });
    fc.assert(
      fc.property(rate, fc.integer({ min: -300, max: 300 }), (rate, steps) => {
        const kept = Math.fround(1 - rate);
        const unit = Math.min(Math.max(1 - kept + steps * 2 ** -32, 0), 1 - 2 ** -32);
        const wanted = tidy(() => div(floor(add(tensor1d([unit]), 1 - rate)), 1 - rate).dataSync());
        expect(Float32Array.of(dropoutFactor(unit, kept))).toEqual(wanted);
      }),
      { numRuns: 1000 },
    );
  });

  test("leaves out its share of the values", () => {
    const mask = new Float32Array(10_000);
    fillDropoutMask(mask, 0.25, "share");
    const leftOut = mask.filter((factor) => factor === 0).length;
    // Six standard deviations: 6 * sqrt(10000 * 0.25 * 0.75) = 260.
    expect(Math.abs(leftOut - 2500)).toBeLessThan(260);
  });
});

test("the positive part keeps NaN, so that a model that has diverged is found out", () => {
  const out = new Float32Array(4);
  rectifyInto(out, Float32Array.of(-1, 2, Number.NaN, Number.POSITIVE_INFINITY));
  expect(out).toEqual(Float32Array.of(0, 2, Number.NaN, Number.POSITIVE_INFINITY));
});
