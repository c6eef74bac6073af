import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomNumbers, type RandomSource, seededRandom, systemRandom } from "./random.ts";

function draw(source: RandomSource, lengths: readonly number[]): Uint8Array {
  const parts = lengths.map((length) => {
    const bytes = new Uint8Array(length);
    source.fill(bytes);
    return bytes;
  });
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

test("a seeded source gives the same bytes however the draws are split", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.nat({ max: 6000 }), { maxLength: 6 }), (seed, lengths) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      expect(draw(seededRandom(seed), lengths)).toEqual(draw(seededRandom(seed), [total]));
    }),
    { numRuns: 30 },
  );
});

test("seeds that differ give streams that differ", () => {
  const streams = ["", "a", "b", "aa"].map((seed) => draw(seededRandom(seed), [16]).join());
  expect(new Set(streams).size).toBe(4);
});

test("the stream of a seed never changes: runs that were recorded repeat bit for bit", () => {
  const bytes = draw(seededRandom("chorus"), [16]);
  expect(Buffer.from(bytes).toString("hex")).toBe("ac6a6eb3a2f7edab13081387892e5691");
});

test("the system's source does not repeat itself", () => {
  expect(draw(systemRandom, [32])).not.toEqual(draw(systemRandom, [32]));
});

test("bounded integers stay in their range and each comes up as often as the other", () => {
  const numbers = new RandomNumbers(seededRandom("below"));
  const counts = new Float64Array(7);
  const draws = 70_000;
  for (let i = 0; i < draws; i++) {
    const value = numbers.below(7);
    counts[value] = (counts[value] ?? Number.NaN) + 1;
  }
  // Five standard deviations of a binomial count with p = 1/7.
  const margin = 5 * Math.sqrt((draws * 6) / 49);
  for (const count of counts) expect(Math.abs(count - draws / 7)).toBeLessThan(margin);
});

test("a bound outside 1 to 2^32 is refused", () => {
  const numbers = new RandomNumbers(seededRandom("bounds"));
  for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
    expect(() => numbers.below(bound)).toThrow(RangeError);
  }
  expect(numbers.below(1)).toBe(0);
});

test("units lie in [0, 1) and average one half", () => {
  const numbers = new RandomNumbers(seededRandom("unit"));
  const draws = Array.from({ length: 20_000 }, () => numbers.unit());
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  const mean = draws.reduce((sum, unit) => sum + unit, 0) / draws.length;
  // Five standard errors of a uniform mean.
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * draws.length));
});
