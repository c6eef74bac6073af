import fc from "fast-check";
import { expect, test } from "vitest";
import { encodedLength } from "../he/he-encoding.ts";
import { decodeHeSum, encodeHeUpdate } from "../he/he-quantiser.ts";
import { heParameters } from "../he/parameters.ts";
import { seededRandom } from "../random.ts";
import { addRing } from "../vector.ts";
import { scaleBitsFor } from "./config.ts";
import { decodeSum, encodeUpdate, type Update } from "./quantiser.ts";
import { makeConfig, makeIdentities } from "./testing/round.ts";
import { contentOf, vectorLength } from "./update-vector.ts";

// The longest sums that there are: all updates in one direction, far beyond the clip.

const CONFIG = makeConfig(makeIdentities(8));
const NONE = { evaluationExamples: 0, evaluationCorrect: 0, evaluationLossMillis: 0 };
const OVERFLOW = expect.objectContaining({
  code: "overflow",
  message: expect.stringMatching(/has norm .*, wanted at most /),
});

interface Cohort {
  readonly dimension: number;
  readonly clippingNorm: number;
  readonly maxExamples: number;
  /** Of each. */
  readonly examples: readonly number[];
  /** Of the direction. */
  readonly direction: "spike" | "flat" | "any";
  readonly seed: number;
}

const cohorts: fc.Arbitrary<Cohort> = fc.record({
  dimension: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(255, 256, 257, 1500)),
  clippingNorm: fc.constantFrom(1e-6, 0.37, 1, 20, 1e4),
  maxExamples: fc.constantFrom(1, 3, 1000, 20_000),
  examples: fc.oneof(
    fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 8 }),
    // One example of one site, and sites that have none.
    fc.constantFrom([1], [1, 0, 0, 0, 0, 0, 0, 0], [30_000, 1], Array<number>(8).fill(30_000)),
  ),
  direction: fc.constantFrom("spike", "flat", "any"),
  seed: fc.integer(),
});

function deltaOf({ dimension, clippingNorm, direction, seed }: Cohort): Float32Array {
  const size = 3 * clippingNorm;
  if (direction === "spike") return new Float32Array(dimension).fill(size, -1);
  if (direction === "flat") return new Float32Array(dimension).fill(-size);
  return Float32Array.from({ length: dimension }, (_, i) => size * Math.sin(i + 1 + seed));
}

function updatesOf(cohort: Cohort): readonly Update[] {
  const delta = deltaOf(cohort);
  return cohort.examples.map((trainingExamples) => ({
    delta,
    counts: { ...NONE, trainingExamples },
  }));
}

/** The masked sum of a cohort and what decodes it. */
function maskedSum(cohort: Cohort) {
  const { dimension, clippingNorm, maxExamples, seed } = cohort;
  const scaleBits = scaleBitsFor(8, clippingNorm);
  const config = { ...CONFIG, dimension, clippingNorm, maxExamples, scaleBits };
  const sum = new Uint32Array(vectorLength(dimension));
  for (const [i, update] of updatesOf(cohort).entries()) {
    addRing(sum, encodeUpdate(update, config, seededRandom(`${seed} ${i}`)));
  }
  return { sum: contentOf(sum), config };
}

/** The opened sum of a cohort's encrypted values, and what decodes it. */
function openedSum(valueBits: number, cohort: Cohort) {
  const { dimension, clippingNorm, maxExamples, seed } = cohort;
  const rotationSeed = new Uint8Array(32).fill(seed);
  const parameters = heParameters(valueBits, 8);
  const encoding = { parameters, dimension, clippingNorm, maxExamples, rotationSeed };
  const sums = new Uint32Array(encodedLength(encoding));
  for (const [i, update] of updatesOf(cohort).entries()) {
    const random = seededRandom(`${seed} ${i}`);
    addRing(sums, new Uint32Array(encodeHeUpdate(update, encoding, random)));
  }
  return { sums, encoding };
}

test("no honest masked sum is beyond the longest mean, whatever the weights", () => {
  fc.assert(
    fc.property(cohorts, (cohort) => {
      const { sum, config } = maskedSum(cohort);
      expect(() => decodeSum(sum, cohort.examples.length, config)).not.toThrow();
    }),
  );
});

test.each([8, 15, 16])("nor is any of encrypted values of %i bits", (valueBits) => {
  fc.assert(
    fc.property(cohorts, (cohort) => {
      const { sums, encoding } = openedSum(valueBits, cohort);
      expect(() => decodeHeSum(sums, cohort.examples.length, encoding)).not.toThrow();
    }),
    { numRuns: 60 },
  );
});

// Five sites at the clip; one of them claims as many negative examples as leave one in a hundred of all there are.
const LIED: Cohort = {
  dimension: 1000,
  clippingNorm: 1,
  maxExamples: 20_000,
  examples: [10_000, 10_000, 10_000, 10_000, 0],
  direction: "any",
  seed: 7,
};

test("whoever claims negative examples does not scale the others' masked mean up", () => {
  const { sum, config } = maskedSum(LIED);
  expect(() => decodeSum(sum, 5, config)).not.toThrow();
  sum.set([400, 0], LIED.dimension);
  expect(() => decodeSum(sum, 5, config)).toThrow(OVERFLOW);
});

test.each([
  [8, [0x90, 0x01, 0, 0]],
  [15, [400, 0, 0]],
  [16, [400, 0]],
])("nor their encrypted one, of %i bits", (valueBits, limbs) => {
  const { sums, encoding } = openedSum(valueBits, LIED);
  expect(() => decodeHeSum(sums, 5, encoding)).not.toThrow();
  sums.set(limbs, LIED.dimension);
  expect(() => decodeHeSum(sums, 5, encoding)).toThrow(OVERFLOW);
});
