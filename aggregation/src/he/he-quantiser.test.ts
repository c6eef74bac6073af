import { describe, expect, test } from "vitest";
import type { UpdateCounts } from "../masking/update-vector.ts";
import { RandomNumbers, seededRandom } from "../random.ts";
import { addCoefficients } from "./coefficients.ts";
import { decodeHeSum, encodedLength, encodeHeUpdate, type HeEncoding } from "./he-quantiser.ts";
import { CHUNK_WORDS, chunkCount } from "./lanes.ts";
import { heParameters, type ValueBits } from "./parameters.ts";
import { codeOf } from "./testing/round.ts";

const DIMENSION = 10_000;
const COUNTS: UpdateCounts = {
  trainingExamples: 300,
  evaluationExamples: 70_000,
  evaluationCorrect: 65_537,
  evaluationLossMillis: 2 ** 32 - 1,
};

function encodingFor(valueBits: ValueBits, change: Partial<HeEncoding> = {}): HeEncoding {
  const parameters = heParameters(valueBits, 10);
  const plain = { dimension: DIMENSION, clippingNorm: 1000, largestValue: 2, maxExamples: 300 };
  return { parameters, ...plain, ...change };
}

function updateOf(seed: string, largest: number): Float32Array {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Float32Array.from({ length: DIMENSION }, () => (2 * numbers.unit() - 1) * largest);
}

function encoded(delta: Float32Array, encoding: HeEncoding, counts = COUNTS): Uint32Array {
  return encodeHeUpdate({ delta, counts }, encoding, seededRandom("rounding"));
}

function sumOf(encoding: HeEncoding, all: readonly Uint32Array[]): Uint32Array {
  const chunks = chunkCount(encoding.parameters, encodedLength(encoding));
  const sum = new Uint32Array(CHUNK_WORDS * chunks);
  for (const chunk of all) addCoefficients(sum, chunk);
  return sum;
}

describe.each([8, 15, 16] as const)("%i bits", (valueBits) => {
  const encoding = encodingFor(valueBits);
  const quantum = 2 / (2 ** (valueBits - 1) - 1);

  test("a sum's mean is off by less than a quantum, and by far less on average; counts are exact", () => {
    const deltas = ["ada", "ben", "cy"].map((name) => updateOf(name, 2));
    const updates = deltas.map((delta, i) =>
      encodeHeUpdate({ delta, counts: COUNTS }, encoding, seededRandom(`rounding ${i}`)),
    );
    const { meanDelta, counts } = decodeHeSum(sumOf(encoding, updates), 3, encoding);
    let bias = 0;
    for (const [i, mean] of meanDelta.entries()) {
      const exact = deltas.reduce((sum, delta) => sum + (delta[i] ?? Number.NaN), 0) / 3;
      expect(Math.abs(mean - exact)).toBeLessThan(quantum);
      bias += (mean - exact) / DIMENSION;
    }
    // A mean of three roundings has a deviation below a quantum / 2 / sqrt(3): five of its mean's over 10,000 values.
    expect(Math.abs(bias)).toBeLessThan((5 * quantum) / 2 / Math.sqrt(3 * DIMENSION));
    expect(counts).toEqual({
      trainingExamples: 900,
      evaluationExamples: 210_000,
      evaluationCorrect: 196_611,
      evaluationLossMillis: 3 * (2 ** 32 - 1),
    });
  });

  test("updates weigh what their examples do, up to the cap", () => {
    const [light, heavy] = [updateOf("light", 0).fill(-1), updateOf("heavy", 0).fill(1)];
    const updates = [
      encoded(light, encoding, { ...COUNTS, trainingExamples: 100 }),
      encoded(heavy, encoding, { ...COUNTS, trainingExamples: 1000 }),
    ];
    const { meanDelta, counts } = decodeHeSum(sumOf(encoding, updates), 2, encoding);
    expect(counts.trainingExamples).toBe(400);
    // (-1 * 100 + 1 * 300) / 400; each sum is within two quanta, over a weight of 4/3.
    for (const mean of meanDelta) expect(Math.abs(mean - 0.5)).toBeLessThan(1.5 * quantum);
  });

  test("a coordinate beyond the largest value counts as one at its edge", () => {
    const delta = updateOf("wild", 2);
    delta.set([50, -50, 2, -2]);
    const { meanDelta } = decodeHeSum(encoded(delta, encoding), 1, encoding);
    expect([...meanDelta.subarray(0, 4)]).toEqual([2, -2, 2, -2]);
  });
});

test("an update is clipped to the norm before its coordinates are", () => {
  const encoding = encodingFor(16, { clippingNorm: 10 });
  const { meanDelta } = decodeHeSum(encoded(updateOf("flat", 0).fill(1), encoding), 1, encoding);
  // 10,000 ones have a norm of 100.
  for (const mean of meanDelta) expect(Math.abs(mean - 0.1)).toBeLessThan(2 / 32_767);
});

test("NaN and infinities are refused by their index, other dimensions and counts as well", () => {
  const encoding = encodingFor(8);
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    const delta = updateOf("fine", 1);
    delta[77] = value;
    expect(() => encoded(delta, encoding)).toThrow(/^update\[77\] is/);
    expect(codeOf(() => encoded(delta, encoding))).toBe("non-finite");
  }
  const fine = updateOf("fine", 1);
  expect(codeOf(() => encoded(fine.subarray(1), encoding))).toBe("wrong-dimension");
  for (const counts of [
    { ...COUNTS, evaluationCorrect: 70_001 },
    { ...COUNTS, evaluationLossMillis: 2 ** 32 },
    { ...COUNTS, evaluationExamples: 0.5 },
    { ...COUNTS, trainingExamples: -1 },
  ]) {
    expect(codeOf(() => encoded(fine, encoding, counts))).toBe("bad-counts");
  }
});

test("encodings that make no sense are refused", () => {
  for (const change of [
    { largestValue: 0 },
    { largestValue: 1001 },
    { largestValue: Number.NaN },
    { clippingNorm: Infinity, largestValue: Infinity },
    { maxExamples: 0 },
    { dimension: 0 },
  ]) {
    const encode = () => encoded(new Float32Array(), encodingFor(8, change));
    expect(codeOf(encode)).toBe("bad-parameters");
  }
});

test("sums of nobody's examples, or of more than there can be, are no mean", () => {
  const encoding = encodingFor(8);
  const nobody = encoded(updateOf("a", 1), encoding, { ...COUNTS, trainingExamples: 0 });
  expect(codeOf(() => decodeHeSum(nobody, 1, encoding))).toBe("no-examples");
  const many = encoded(updateOf("a", 1), encodingFor(8, { maxExamples: 301 }), {
    ...COUNTS,
    trainingExamples: 301,
  });
  expect(codeOf(() => decodeHeSum(many, 1, encoding))).toBe("bad-counts");
});
