import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sampleDirichlet, sampleGamma, sampleNormal } from "./gamma.ts";

const numbersOf = (seed: number): RandomNumbers => new RandomNumbers(seededRandom(`${seed}`));

function moments(samples: number, draw: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: samples }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / samples;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples;
  return { mean, variance };
}

test("normal values have mean 0 and variance 1", () => {
  const random = numbersOf(1);
  const { mean, variance } = moments(50_000, () => sampleNormal(random));
  // Standard errors are 1/sqrt(50000) = 0.0045 and sqrt(2/50000) = 0.0063; five of each.
  expect(Math.abs(mean)).toBeLessThan(0.0225);
  expect(Math.abs(variance - 1)).toBeLessThan(0.032);
});

test.each([0.2, 0.5, 1, 2.5, 30])("gamma(%d) has its shape as mean and as variance", (shape) => {
  const random = numbersOf(7);
  const samples = 50_000;
  const { mean, variance } = moments(samples, () => sampleGamma(shape, random));
  // Variance of the sample variance: (mu4 - sigma^4) / n, with mu4 = 3 shape^2 + 6 shape. Five standard errors each.
  expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / samples));
  expect(Math.abs(variance - shape)).toBeLessThan(
    5 * Math.sqrt((2 * shape ** 2 + 6 * shape) / samples),
  );
});

test("the check of the moments notices a gamma of a neighbouring shape", () => {
  const random = numbersOf(7);
  const samples = 50_000;
  const { mean } = moments(samples, () => sampleGamma(0.55, random));
  expect(Math.abs(mean - 0.5)).toBeGreaterThan(5 * Math.sqrt(0.5 / samples));
});

test("a shape that is not positive is refused", () => {
  for (const shape of [0, -1, Number.NaN]) {
    expect(() => sampleGamma(shape, numbersOf(1))).toThrow("wanted more than 0");
  }
});

test("Dirichlet shares are never negative and sum to one", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(),
      (alpha, size, seed) => {
        const shares = sampleDirichlet(alpha, size, numbersOf(seed));
        expect(shares).toHaveLength(size);
        expect(shares.every((share) => share >= 0)).toBe(true);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      },
    ),
  );
});
