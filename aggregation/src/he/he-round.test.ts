import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MaskSeeds } from "../masking/mask-set.ts";
import { RandomNumbers, seededRandom } from "../random.ts";
import { packSum, SUM_WORDS } from "./ciphertext-form.ts";
import { applyCoefficientMasks } from "./coefficient-masks.ts";
import { decodeHeSum, encodedLength, encodeHeUpdate, type HeEncoding } from "./he-quantiser.ts";
import { CHUNK_WORDS, chunkCount, chunkOf } from "./lanes.ts";
import { heParameters } from "./parameters.ts";
import { codeOf, TestBench } from "./testing/round.ts";

/**
 * A round of encryption over masks, seeds as SA-1 agrees on them: pairwise masks and a self mask on every update; the
 * coordinator takes survivors' self masks and what dropouts' pairwise masks left behind off the encrypted sum.
 */

const PARAMETERS = heParameters(8, 5);
const ENCODING: HeEncoding = {
  parameters: PARAMETERS,
  dimension: 7000,
  clippingNorm: 1e6,
  largestValue: 1,
  maxExamples: 100,
};
const CHUNKS = chunkCount(PARAMETERS, encodedLength(ENCODING));
const COHORT = [0, 1, 2, 3, 4] as const;

let bench: TestBench;
let uploads: readonly (readonly Uint8Array[])[];
beforeAll(async () => {
  bench = await TestBench.open(PARAMETERS);
  uploads = COHORT.map(uploadOf);
});
afterAll(() => bench[Symbol.dispose]());

/** Participant i changes parameter i alone: who is lost or counted twice is seen. */
function updateOf(index: number): Float32Array {
  const delta = new Float32Array(ENCODING.dimension);
  delta[index] = 1;
  const numbers = new RandomNumbers(seededRandom(`update ${index}`));
  for (let i = COHORT.length; i < delta.length; i++) delta[i] = 2 * numbers.unit() - 1;
  return delta;
}

function seed(name: string): Uint8Array {
  const bytes = new Uint8Array(32);
  seededRandom(`mask ${name}`).fill(bytes);
  return bytes;
}

function pairwise(i: number, j: number): Uint8Array {
  return seed(i < j ? `${i}-${j}` : `${j}-${i}`);
}

function together(seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(seeds));
}

function uploadOf(index: number): Uint8Array[] {
  const counts = {
    trainingExamples: 100,
    evaluationExamples: 10,
    evaluationCorrect: index,
    evaluationLossMillis: 70_000,
  };
  const update = { delta: updateOf(index), counts };
  const coefficients = encodeHeUpdate(update, ENCODING, seededRandom(`rounding ${index}`));
  const peers = COHORT.filter((peer) => peer !== index);
  const masks = {
    added: together([
      seed(`self ${index}`),
      ...peers.filter((j) => j > index).map((j) => pairwise(index, j)),
    ]),
    subtracted: together(peers.filter((j) => j < index).map((j) => pairwise(index, j))),
  };
  applyCoefficientMasks(PARAMETERS, coefficients, masks);
  return Array.from({ length: CHUNKS }, (_, chunk) =>
    bench.cipher.encrypt(chunkOf(coefficients, chunk)),
  );
}

/** What the coordinator's revealed seeds leave on the survivors' sum. */
function leftOver(survivors: readonly number[]): MaskSeeds {
  const lost = COHORT.filter((index) => !survivors.includes(index));
  const pairs = survivors.flatMap((i) => lost.map((j) => [i, j] as const));
  return {
    added: together([
      ...survivors.map((i) => seed(`self ${i}`)),
      ...pairs.filter(([i, j]) => i < j).map(([i, j]) => pairwise(i, j)),
    ]),
    subtracted: together(pairs.filter(([i, j]) => i > j).map(([i, j]) => pairwise(i, j))),
  };
}

/** What participants decrypt once the coordinator has taken `masks` off the sum of `senders`' uploads. */
function opened(senders: readonly number[], masks: MaskSeeds): Uint32Array {
  const left = new Uint32Array(CHUNKS * CHUNK_WORDS);
  applyCoefficientMasks(PARAMETERS, left, masks);
  const result = new Uint32Array(CHUNKS * CHUNK_WORDS);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const sum = new Uint32Array(SUM_WORDS);
    for (const index of senders)
      bench.adder.addTo(sum, uploads[index]?.[chunk] ?? new Uint8Array());
    bench.adder.takeOff(sum, chunkOf(left, chunk));
    chunkOf(result, chunk).set(bench.cipher.decrypt(packSum(sum)));
  }
  return result;
}

describe.each([[[0, 1, 2, 3, 4]], [[0, 2, 3]], [[1, 4]]])("survivors %j", (survivors) => {
  test("their mean is what participants decrypt, and nobody else's is in it", () => {
    const sum = opened(survivors, leftOver(survivors));
    const { meanDelta, counts } = decodeHeSum(sum, survivors.length, ENCODING);
    const updates = survivors.map(updateOf);
    for (const [i, mean] of meanDelta.entries()) {
      const exact = updates.reduce((total, delta) => total + (delta[i] ?? Number.NaN), 0);
      expect(Math.abs(mean - exact / survivors.length)).toBeLessThan(1 / 127);
    }
    for (const index of COHORT) {
      const wanted = survivors.includes(index) ? 1 / survivors.length : 0;
      expect(meanDelta[index]).toBeCloseTo(wanted, 9);
    }
    expect(counts.evaluationLossMillis).toBe(70_000 * survivors.length);
    expect(counts.evaluationCorrect).toBe(survivors.reduce((total, index) => total + index, 0));
  });
});

test("with one mask too few taken off, or one survivor's upload missing, the sum does not open", () => {
  const survivors = [0, 2, 3];
  const { added, subtracted } = leftOver(survivors);
  const fewer = { added: added.slice(32), subtracted };
  const open = (senders: readonly number[], masks: MaskSeeds) =>
    codeOf(() => decodeHeSum(opened(senders, masks), senders.length, ENCODING));
  expect(open(survivors, leftOver(survivors))).toBeUndefined();
  expect(open(survivors, fewer)).toBe("wrong-sum");
  expect(open([0, 2], { added, subtracted })).toBe("wrong-sum");
});
