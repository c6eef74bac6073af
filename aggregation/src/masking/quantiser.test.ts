import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomNumbers, type RandomSource, seededRandom } from "../random.ts";
import { addRing } from "../vector.ts";
import { quantisedLimit } from "./config.ts";
import { decodeSum, encodeUpdate, type UpdateEncoding } from "./quantiser.ts";
import { makeConfig, makeIdentities } from "./testing/round.ts";
import type { UpdateCounts } from "./update-counts.ts";
import { COUNT_WORDS, contentOf, vectorLength } from "./update-vector.ts";

const CONFIG = makeConfig(makeIdentities(10), { dimension: 40 });
const COUNTS: UpdateCounts = {
  trainingExamples: 1000,
  evaluationExamples: 80,
  evaluationCorrect: 60,
  evaluationLossMillis: 123_456,
};

const withCode = (code: string) => expect.objectContaining({ code });
const quanta = (vector: Uint32Array) => new Int32Array(contentOf(vector).slice(0, -COUNT_WORDS));

function updates(config: UpdateEncoding) {
  const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
  const values = { minLength: config.dimension, maxLength: config.dimension };
  return fc.record({
    delta: fc.float32Array({ ...values, noNaN: true, noDefaultInfinity: true }),
    small: fc.array(finite, values),
    examples: fc.integer({ min: 0, max: 3000 }),
    seed: fc.string(),
  });
}

test("every value is within one quantum of the clipped and weighted update, and within the limit", () => {
  fc.assert(
    fc.property(updates(CONFIG), ({ delta, examples, seed }) => {
      const counts = { ...COUNTS, trainingExamples: examples };
      const vector = encodeUpdate({ delta, counts }, CONFIG, seededRandom(seed));
      const norm = Math.hypot(...delta);
      const clip = norm > CONFIG.clippingNorm ? CONFIG.clippingNorm / norm : 1;
      const weight = Math.min(examples, CONFIG.maxExamples) / CONFIG.maxExamples;
      const limit = quantisedLimit(CONFIG.clippingNorm, CONFIG.scaleBits);
      for (const [i, quantum] of quanta(vector).entries()) {
        const exact = (delta[i] ?? Number.NaN) * clip * weight * 2 ** CONFIG.scaleBits;
        // 1e-6: float64 rounding of values up to 2^28 in two orders of multiplication.
        expect(Math.abs(quantum - exact)).toBeLessThanOrEqual(1 + 1e-6);
        expect(Math.abs(quantum)).toBeLessThanOrEqual(limit);
      }
    }),
  );
});

const ROUNDINGS = 400_000;

/** How many standard errors the mean of many roundings of one value is away from it. */
function biasInSigmas(exact: number, rounded: ArrayLike<number>): number {
  const errors = Array.from(rounded, (quantum) => quantum - exact);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  const fraction = exact - Math.floor(exact);
  return Math.abs(mean) / Math.sqrt((fraction * (1 - fraction)) / errors.length);
}

function roundings(exact: number, random: RandomSource): Int32Array {
  const config = { ...CONFIG, dimension: ROUNDINGS, scaleBits: 0, clippingNorm: 1e9 };
  const delta = new Float32Array(ROUNDINGS).fill(exact);
  return quanta(encodeUpdate({ delta, counts: COUNTS }, config, random));
}

test("rounding is unbiased: the mean of many stays within five standard errors of the value", () => {
  for (const exact of [0.25, -0.25, 3.0625, -1000.9375, 2 ** 20 + 0.375]) {
    const rounded = roundings(exact, seededRandom(`${exact}`));
    expect(biasInSigmas(exact, rounded)).toBeLessThan(5);
  }
});

// Positive controls: rounding to the nearest, and adding a random number in float32 before rounding down.
test("the test for bias sees rounding that is biased", () => {
  const exact = 2 ** 20 + 0.375;
  const nearest = new Float64Array(ROUNDINGS).fill(Math.round(exact));
  expect(biasInSigmas(exact, nearest)).toBeGreaterThan(5);
  const numbers = new RandomNumbers(seededRandom("control"));
  const added = Float64Array.from(nearest, () =>
    Math.floor(Math.fround(exact + Math.fround(numbers.unit()))),
  );
  expect(biasInSigmas(exact, added)).toBeGreaterThan(5);
});

test("whole numbers are never moved by rounding", () => {
  expect(roundings(7, seededRandom("seven")).every((quantum) => quantum === 7)).toBe(true);
});

test("the sum of encoded updates decodes to their weighted mean within the rounding, and to exact counts", () => {
  const cohort = fc.array(updates(CONFIG), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(cohort, (members) => {
      const sum = new Uint32Array(vectorLength(CONFIG.dimension));
      const mean = new Float64Array(CONFIG.dimension);
      let [examples, loss] = [0, 0];
      for (const { small, examples: own, seed } of members) {
        const delta = Float32Array.from(small, (value) => Math.sin(value));
        const counts = { ...COUNTS, trainingExamples: own + 1, evaluationLossMillis: 2 ** 32 - 1 };
        addRing(sum, encodeUpdate({ delta, counts }, CONFIG, seededRandom(seed)));
        const weight = Math.min(own + 1, CONFIG.maxExamples);
        for (const [i, value] of delta.entries()) mean[i] = (mean[i] ?? 0) + weight * value;
        examples += weight;
        loss += 2 ** 32 - 1;
      }
      const decoded = decodeSum(contentOf(sum), members.length, CONFIG);
      expect(decoded.counts).toEqual({
        trainingExamples: examples,
        evaluationExamples: 80 * members.length,
        evaluationCorrect: 60 * members.length,
        evaluationLossMillis: loss,
      });
      // Each update is off by less than a quantum, of which the mean keeps 1 / (sum of weights / maxExamples).
      const step = (members.length * CONFIG.maxExamples) / (examples * 2 ** CONFIG.scaleBits);
      for (const [i, value] of decoded.meanDelta.entries()) {
        expect(Math.abs(value - (mean[i] ?? 0) / examples)).toBeLessThan(step + 1e-12);
      }
    }),
    { numRuns: 50 },
  );
});

test("a whole cohort at the clipping norm neither wraps nor is called an overflow", () => {
  const delta = new Float32Array(CONFIG.dimension);
  delta[3] = -1e30;
  const sum = new Uint32Array(vectorLength(CONFIG.dimension));
  for (let i = 0; i < 10; i++) {
    addRing(sum, encodeUpdate({ delta, counts: COUNTS }, CONFIG, seededRandom(`${i}`)));
  }
  const { meanDelta } = decodeSum(contentOf(sum), 10, CONFIG);
  expect(meanDelta[3]).toBeCloseTo(-CONFIG.clippingNorm, 5);
});

test("a value that is not a number is refused with its index, an update of another model with both sizes", () => {
  const random = seededRandom("refused");
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const delta = new Float32Array(CONFIG.dimension);
    delta[17] = bad;
    expect(() => encodeUpdate({ delta, counts: COUNTS }, CONFIG, random)).toThrow(
      expect.objectContaining({
        code: "non-finite",
        message: `update[17] is ${bad}, wanted a number`,
      }),
    );
  }
  const delta = new Float32Array(39);
  expect(() => encodeUpdate({ delta, counts: COUNTS }, CONFIG, random)).toThrow(
    withCode("wrong-dimension"),
  );
});

test("counts that are not whole, negative, too large or contradictory are refused", () => {
  const delta = new Float32Array(CONFIG.dimension);
  const bad: Partial<UpdateCounts>[] = [
    { trainingExamples: -1 },
    { trainingExamples: 0.5 },
    { trainingExamples: Number.NaN },
    { evaluationLossMillis: 2 ** 32 },
    { evaluationCorrect: 81 },
  ];
  for (const change of bad) {
    const counts = { ...COUNTS, ...change };
    expect(() => encodeUpdate({ delta, counts }, CONFIG, seededRandom("counts"))).toThrow(
      withCode("bad-counts"),
    );
  }
});

test("a sum that so many updates cannot add up to is refused", () => {
  const delta = new Float32Array(CONFIG.dimension);
  const honest = contentOf(encodeUpdate({ delta, counts: COUNTS }, CONFIG, seededRandom("sum")));
  const changed = (index: number, word: number) => {
    const sum = honest.slice();
    sum.set([word], index < 0 ? sum.length + index : index);
    return sum;
  };
  const limit = quantisedLimit(CONFIG.clippingNorm, CONFIG.scaleBits);
  expect(() => decodeSum(changed(0, limit), 1, CONFIG)).not.toThrow();
  const refused: [Uint32Array, string][] = [
    [changed(0, limit + 1), "overflow"],
    [changed(0, 2 ** 32 - limit - 1), "overflow"],
    [changed(0, 2 ** 31), "overflow"],
    [changed(-1, 65_536), "bad-counts"],
    [changed(-COUNT_WORDS, 1001), "bad-counts"],
    [changed(-4, 81), "bad-counts"],
    [changed(-COUNT_WORDS, 0), "no-examples"],
    [honest.slice(1), "wrong-dimension"],
  ];
  for (const [sum, code] of refused) {
    expect(() => decodeSum(sum, 1, CONFIG)).toThrow(withCode(code));
  }
  for (const survivors of [0, 11, 1.5]) {
    expect(() => decodeSum(honest, survivors, CONFIG)).toThrow(RangeError);
  }
});
