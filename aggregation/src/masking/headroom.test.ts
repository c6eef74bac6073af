import { expect, test } from "vitest";
import { hasHeadroom, MAX_COHORT, MAX_SCALE_BITS, quantisedLimit, scaleBitsFor } from "./config.ts";
import { COUNT_WORDS, readCounts } from "./update-vector.ts";

test("a clipped coordinate counts with its fraction rounded up and one quantum for the rounding", () => {
  expect(quantisedLimit(1, 0)).toBe(2);
  expect(quantisedLimit(0.3, 0)).toBe(2);
  expect(quantisedLimit(20, 22)).toBe(20 * 2 ** 22 + 1);
});

test("headroom ends exactly where a whole cohort at the limit would pass 2^31 - 1", () => {
  // Two of 2^30 - 2 + 1 make 2^31 - 2; two of 2^30 - 1 + 1 make 2^31, which is negative.
  expect(hasHeadroom(2, 2 ** 30 - 2, 0)).toBe(true);
  expect(hasHeadroom(2, 2 ** 30 - 1, 0)).toBe(false);
});

test("the scale is a whole power of two, one bit less for every doubling of the cohort or the norm", () => {
  const bits = [1, 2, 4, 8].map((times) => scaleBitsFor(256 * times, 1));
  expect(bits).toEqual([22, 21, 20, 19]);
  expect([1, 2, 4, 8].map((norm) => scaleBitsFor(256, norm))).toEqual([22, 21, 20, 19]);
  expect(scaleBitsFor(2, 1)).toBe(MAX_SCALE_BITS);
});

test("the largest cohort's counts add up limb by limb without wrapping, and one more is refused", () => {
  const full = MAX_COHORT * (2 ** 16 - 1);
  expect(full).toBeLessThan(2 ** 31);
  const counts = readCounts(new Uint32Array(COUNT_WORDS).fill(full), MAX_COHORT);
  expect(counts.trainingExamples).toBe(MAX_COHORT * (2 ** 32 - 1));
  const beyond = new Uint32Array(COUNT_WORDS).fill(full);
  beyond[0] = full + 1;
  expect(() => readCounts(beyond, MAX_COHORT)).toThrow(
    expect.objectContaining({ code: "bad-counts" }),
  );
});
