import { seededRandom } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { selectUniformly } from "./uniform.ts";

test("a selection has distinct candidates, as many as asked for or all", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), fc.nat(50), fc.string(), (pool, count, seed) => {
      const drawn = selectUniformly(pool, count, seededRandom(seed));
      expect(new Set(drawn).size).toBe(Math.min(count, pool.length));
      expect(pool).toEqual(expect.arrayContaining([...drawn]));
    }),
  );
});

/** Pearson's chi-square of how often each of ten candidates is among three of 6000 draws. */
function chiSquare(draw: (pool: readonly number[]) => readonly number[]): number {
  const pool = Array.from({ length: 10 }, (_, i) => i);
  const counts = new Float64Array(10);
  for (let i = 0; i < 6_000; i++)
    for (const one of draw(pool)) counts[one] = (counts[one] ?? 0) + 1;
  return counts.reduce((sum, count) => sum + (count - 1_800) ** 2 / 1_800, 0);
}

test("every candidate is drawn equally often, and the check notices a biased draw", () => {
  const random = seededRandom("uniform");
  // 27.9 is the 99.9 % quantile of chi-square with 9 degrees of freedom.
  expect(chiSquare((pool) => selectUniformly(pool, 3, random))).toBeLessThan(27.9);
  expect(chiSquare((pool) => selectUniformly(pool.slice(0, 9), 3, random))).toBeGreaterThan(27.9);
});
