import { RandomNumbers, seededRandom, systemRandom, type UpdateCounts } from "@chorus/aggregation";

/** Counts of every synthetic update. */
export const SYNTHETIC_COUNTS: UpdateCounts = {
  trainingExamples: 1000,
  evaluationExamples: 100,
  evaluationCorrect: 90,
  evaluationLossMillis: 12_345,
};

/** An update of values uniform in [-1, 1). */
export function syntheticDelta(seed: string, parameters: number): Float32Array {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Float32Array.from({ length: parameters }, () => numbers.word() / 2 ** 31 - 1);
}

/** Seeds of 32 bytes each. */
export function randomSeeds(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32 * count);
  systemRandom.fill(bytes);
  return bytes;
}
