import fc from "fast-check";
import { expect, test } from "vitest";
import { logUpperTail, upperQuantile } from "./hypergeometric.ts";
import { logFactorial } from "./log-factorial.ts";

/** n! exactly. */
function factorial(n: number): bigint {
  let product = 1n;
  for (let factor = 2; factor <= n; factor++) product *= BigInt(factor);
  return product;
}

function binomial(n: number, k: number): bigint {
  return k < 0 || k > n ? 0n : factorial(n) / (factorial(k) * factorial(n - k));
}

/** ln of a positive ratio of integers. */
function logRatio(numerator: bigint, denominator: bigint): number {
  return logOf(numerator) - logOf(denominator);
}

function logOf(value: bigint): number {
  const bits = value.toString(2).length;
  const shift = Math.max(0, bits - 64);
  return Math.log(Number(value >> BigInt(shift))) + shift * Math.LN2;
}

test("logarithms of factorials are those of the exact integers, across the change to the series", () => {
  for (const n of [0, 1, 2, 3, 20, 126, 127, 128, 129, 170, 171, 500, 2000]) {
    const exact = logOf(factorial(n));
    expect(Math.abs(logFactorial(n) - exact)).toBeLessThanOrEqual(2 ** -50 * Math.max(1, exact));
  }
});

test("a tail is that of the exact integers, however small it is", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 120 }).chain((population) =>
        fc.record({
          population: fc.constant(population),
          marked: fc.integer({ min: 0, max: population }),
          sampled: fc.integer({ min: 0, max: population }),
          bound: fc.integer({ min: -2, max: population + 1 }),
        }),
      ),
      ({ population, marked, sampled, bound }) => {
        let above = 0n;
        for (let x = Math.max(0, bound + 1); x <= sampled; x++) {
          above += binomial(marked, x) * binomial(population - marked, sampled - x);
        }
        const tail = logUpperTail({ population, marked, sampled }, bound);
        if (above === 0n) expect(tail).toBe(Number.NEGATIVE_INFINITY);
        else expect(tail).toBeCloseTo(logRatio(above, binomial(population, sampled)), 10);
      },
    ),
  );
});

test("a tail far below the smallest float64 keeps its logarithm", () => {
  const distribution = { population: 1_000_000, marked: 50_000, sampled: 11_136 };
  // All of the sample marked: the product of (50000 - i) / (1000000 - i).
  let exact = 0;
  for (let i = 0; i < 11_136; i++) exact += Math.log((50_000 - i) / (1_000_000 - i));
  expect(exact).toBeLessThan(-30_000);
  expect(Math.abs(logUpperTail(distribution, 11_135) - exact)).toBeLessThan(1e-7);
});

test("a quantile is the smallest bound whose tail is within the limit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: -60, max: -0.01, noNaN: true }),
      (population, markedShare, sampledShare, logLimit) => {
        const marked = Math.floor(markedShare * population);
        const sampled = Math.floor(sampledShare * Math.min(population, 5000));
        const distribution = { population, marked, sampled };
        const bound = upperQuantile(distribution, logLimit);
        expect(logUpperTail(distribution, bound)).toBeLessThanOrEqual(logLimit);
        expect(logUpperTail(distribution, bound - 1)).toBeGreaterThan(logLimit);
      },
    ),
  );
});
