import { describe, expect, test } from "vitest";
import type { UpdateCounts } from "../masking/update-counts.ts";
import { RandomNumbers, seededRandom } from "../random.ts";
import { encodedLength, type HeEncoding, heValueCount, largestValueOf } from "./he-encoding.ts";
import { decodeHeSum, encodeHeUpdate } from "./he-quantiser.ts";
import { heParameters, type ValueBits } from "./parameters.ts";
import { codeOf, seedOf } from "./testing/round.ts";

const DIMENSION = 10_000;
const COUNTS: UpdateCounts = {
  trainingExamples: 300,
  evaluationExamples: 70_000,
  evaluationCorrect: 65_537,
  evaluationLossMillis: 2 ** 32 - 1,
};

function encodingFor(valueBits: ValueBits, change: Partial<HeEncoding> = {}): HeEncoding {
  const parameters = heParameters(valueBits, 10);
  const rotationSeed = seedOf("rotation");
  const plain = { dimension: DIMENSION, clippingNorm: 100, maxExamples: 300, rotationSeed };
  return { parameters, ...plain, ...change };
}

/** Norm 100 at `size` 1. */
function updateOf(seed: string, size: number): Float32Array {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Float32Array.from(
    { length: DIMENSION },
    () => (2 * numbers.unit() - 1) * size * Math.sqrt(3),
  );
}

function encoded(
  delta: Float32Array,
  encoding: HeEncoding,
  counts = COUNTS,
  rounding = "rounding",
): Uint32Array {
  return Uint32Array.from(encodeHeUpdate({ delta, counts }, encoding, seededRandom(rounding)));
}

function sumOf(all: readonly Uint32Array[]): Uint32Array {
  return all.reduce((sum, values) => sum.map((value, i) => value + (values[i] ?? 0)));
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

describe.each([8, 15, 16] as const)("%i bits", (valueBits) => {
  const encoding = encodingFor(valueBits);
  /** Of rotated coordinates, 8,192 of which mix at a time. */
  const quantum = largestValueOf(encoding) / (2 ** (valueBits - 1) - 1);

  test("a sum's mean is off by what rounding adds, and counts are exact", () => {
    const deltas = ["ada", "ben", "cy"].map((name) => updateOf(name, 0.9));
    const updates = deltas.map((delta, i) => encoded(delta, encoding, COUNTS, `rounding ${i}`));
    const { meanDelta, counts } = decodeHeSum(sumOf(updates), 3, encoding);
    const errors = meanDelta.map(
      (mean, i) => mean - deltas.reduce((sum, delta) => sum + (delta[i] ?? Number.NaN), 0) / 3,
    );
    // Rounding one value up or down at random has a variance of a sixth of a quantum's square; clamping adds little.
    const deviation = quantum / Math.sqrt(6 * 3);
    expect(norm(errors) / 100 / deviation).toBeGreaterThan(0.9);
    expect(norm(errors) / 100 / deviation).toBeLessThan(1.1);
    const bias = errors.reduce((sum, error) => sum + error, 0) / DIMENSION;
    expect(Math.abs(bias)).toBeLessThan((5 * deviation) / 100);
    expect(counts).toEqual({
      trainingExamples: 900,
      evaluationExamples: 210_000,
      evaluationCorrect: 196_611,
      evaluationLossMillis: 3 * (2 ** 32 - 1),
    });
  });

  test("updates weigh what their examples do, up to the cap", () => {
    const [light, heavy] = [updateOf("", 0).fill(-0.9), updateOf("", 0).fill(0.9)];
    const updates = [
      encoded(light, encoding, { ...COUNTS, trainingExamples: 100 }, "light"),
      encoded(heavy, encoding, { ...COUNTS, trainingExamples: 1000 }, "heavy"),
    ];
    const { meanDelta, counts } = decodeHeSum(sumOf(updates), 2, encoding);
    expect(counts.trainingExamples).toBe(400);
    // (-1 * 100 + 1 * 300) / 400 of 0.9; two roundings over a weight of 4 / 3, of which the norm is 100 times a deviation.
    const errors = meanDelta.map((mean) => mean - 0.45);
    expect(norm(errors)).toBeLessThan((1.2 * 100 * quantum * Math.sqrt(2 / 6)) / (4 / 3));
  });

  test("a vector of one spike, at the clip, comes back as one", () => {
    const delta = updateOf("", 0).fill(100, 77, 78);
    const { meanDelta } = decodeHeSum(encoded(delta, encoding), 1, encoding);
    // 8 bits: an eighth of 100 in the norm, spread over all coordinates.
    expect(Math.abs((meanDelta[77] ?? 0) - 100)).toBeLessThan(5 * quantum);
    expect(Math.abs(meanDelta[78] ?? 99)).toBeLessThan(5 * quantum);
  });
});

test("an update is clipped to the norm, also where its transform would leave float32", () => {
  const encoding = encodingFor(16, { clippingNorm: 10 });
  for (const value of [1, 1e38]) {
    const delta = updateOf("", 0).fill(value);
    const { meanDelta } = decodeHeSum(encoded(delta, encoding), 1, encoding);
    for (const mean of meanDelta) expect(mean).toBeCloseTo(0.1, 3);
  }
});

test("the update itself is left as it is", () => {
  const delta = updateOf("kept", 3);
  encoded(delta, encodingFor(8));
  expect(delta).toEqual(updateOf("kept", 3));
});

test("values are as many as the model's, the counts' and the randomness's, none of more bits than there may be", () => {
  const encoding = encodingFor(8);
  const values = encoded(updateOf("bits", 5), encoding);
  expect(values).toHaveLength(DIMENSION + 16);
  expect(heValueCount(encoding.parameters, DIMENSION)).toBe(DIMENSION + 16 + 2 * 6144);
  expect(values.every((value) => value < 256)).toBe(true);
});

test("another rotation than the sender's makes noise of the mean", () => {
  const delta = updateOf("", 0).fill(0.9);
  const values = encoded(delta, encodingFor(16));
  const { meanDelta } = decodeHeSum(values, 1, encodingFor(16, { rotationSeed: seedOf("other") }));
  const cosine = meanDelta.reduce((sum, value) => sum + value * 0.9, 0) / 0.81 / DIMENSION;
  expect(Math.abs(cosine)).toBeLessThan(0.1);
});

test("small models are rounded to the clip, where none is beyond it", () => {
  for (const dimension of [1, 2, 3, 17]) {
    const encoding = encodingFor(15, { dimension, clippingNorm: 3 });
    expect(largestValueOf(encoding)).toBe(3);
    const delta = new Float32Array(dimension).fill(3, 0, 1);
    const { meanDelta } = decodeHeSum(encoded(delta, encoding), 1, encoding);
    expect(meanDelta[0]).toBeCloseTo(3, 2);
  }
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
    { clippingNorm: 0 },
    { clippingNorm: Number.NaN },
    { clippingNorm: Infinity },
    { maxExamples: 0 },
    { dimension: 0 },
    { rotationSeed: new Uint8Array(31) },
  ]) {
    const encode = () => encoded(new Float32Array(), encodingFor(8, change));
    expect(codeOf(encode)).toBe("bad-parameters");
  }
});

test("sums of nobody's examples, or of more than there can be, or too short ones, are no mean", () => {
  const encoding = encodingFor(8);
  const nobody = encoded(updateOf("a", 1), encoding, { ...COUNTS, trainingExamples: 0 });
  expect(codeOf(() => decodeHeSum(nobody, 1, encoding))).toBe("no-examples");
  const many = encoded(updateOf("a", 1), encodingFor(8, { maxExamples: 301 }), {
    ...COUNTS,
    trainingExamples: 301,
  });
  expect(codeOf(() => decodeHeSum(many, 1, encoding))).toBe("bad-counts");
  const short = many.subarray(0, encodedLength(encoding) - 1);
  expect(codeOf(() => decodeHeSum(short, 1, encoding))).toBe("wrong-length");
});

test("decoding leaves the sums as they are, and does not look at what is behind the counts", () => {
  const encoding = encodingFor(15);
  const values = encoded(updateOf("a", 1), encoding);
  const longer = new Uint32Array([...values, 1, 2, 3]);
  const before = longer.slice();
  expect(decodeHeSum(longer, 1, encoding)).toEqual(decodeHeSum(values, 1, encoding));
  expect(longer).toEqual(before);
});
