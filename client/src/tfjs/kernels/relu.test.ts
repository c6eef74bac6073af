import { memory, relu, sub, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "../backend.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** As many as two vectors of four and some more. */
const VALUES = [-1, 2, Number.POSITIVE_INFINITY, 0, -0.5, 3, Number.NEGATIVE_INFINITY, 1, -4, 5];

test.each([1, 3, 4, 9])(
  "of values of which number %i is NaN all others are rectified, and NaN stays whichever sign it has",
  (at) => {
    const wanted = VALUES.map((value, index) => (index === at ? Number.NaN : Math.max(value, 0)));
    const withNaN = VALUES.map((value, index) => (index === at ? Number.NaN : value));
    // Infinity - infinity is a NaN with a sign on most processors.
    const minuends = VALUES.map((value, index) =>
      index === at ? Number.POSITIVE_INFINITY : value,
    );
    const subtrahends = VALUES.map((_, index) => (index === at ? Number.POSITIVE_INFINITY : 0));
    const found = tidy(() => [
      relu(tensor1d(withNaN)).arraySync(),
      relu(sub(tensor1d(minuends), tensor1d(subtrahends))).arraySync(),
    ]);
    expect(found).toEqual([wanted, wanted]);
  },
);

test("what is rectified stays as it was, and nothing is left behind", () => {
  const before = memory().numTensors;
  const x = tensor1d(VALUES);
  relu(x).dispose();
  expect(x.arraySync()).toEqual(VALUES);
  x.dispose();
  expect(memory().numTensors).toBe(before);
});
