import { RANDOMNESS_WORDS } from "../commitment/randomness.ts";
import { MaskingError } from "./error.ts";
import {
  COUNT_NAMES,
  countsFrom,
  faultOfCounts,
  faultOfSummedCounts,
  type UpdateCounts,
} from "./update-counts.ts";

/** Words that the counts take at the end of a vector's content: two limbs of 16 bits each, lower first. */
export const COUNT_WORDS = 8;

/** The largest value of one limb; 10,000 of them are below 2^31, so sums of limbs never wrap. */
const LIMB_MAX = 2 ** 16 - 1;

/** Words of a vector's content for a model of `dimension` parameters: the model's, then the counts. */
export function contentLength(dimension: number): number {
  return dimension + COUNT_WORDS;
}

/**
 * Words of a round's vector for a model of `dimension` parameters: its content, then the randomness of the commitment to
 * it, so that the sum of vectors holds what opens the sum of commitments.
 */
export function vectorLength(dimension: number): number {
  return contentLength(dimension) + RANDOMNESS_WORDS;
}

/** The content of a vector, shape `[contentLength(dimension)]`, over the same memory. */
export function contentOf(vector: Uint32Array): Uint32Array {
  return vector.subarray(0, -RANDOMNESS_WORDS);
}

/** The randomness of a vector, shape `[RANDOMNESS_WORDS]`, over the same memory. */
export function randomnessOf(vector: Uint32Array): Uint32Array {
  return vector.subarray(-RANDOMNESS_WORDS);
}

/**
 * Writes counts as limbs. `words`: shape `[COUNT_WORDS]`. Throws {@link MaskingError} `bad-counts` unless every count is
 * an integer from 0 to 2^32 - 1 and no more are correct than were evaluated.
 */
export function writeCounts(words: Uint32Array, counts: UpdateCounts): void {
  refuse(faultOfCounts(counts));
  for (const [i, name] of COUNT_NAMES.entries()) {
    words.set([counts[name] & LIMB_MAX, counts[name] >>> 16], 2 * i);
  }
}

/**
 * Reads the sum of `survivors` updates' counts. `words`: shape `[COUNT_WORDS]`. Throws {@link MaskingError} `bad-counts`
 * for sums that so many updates cannot have.
 */
export function readCounts(words: Uint32Array, survivors: number): UpdateCounts {
  const limbs = [...words];
  if (limbs.some((limb) => limb > survivors * LIMB_MAX)) {
    throw new MaskingError("bad-counts", `a limb exceeds what ${survivors} updates can add up to`);
  }
  const counts = countsFrom((name) => {
    const [low = 0, high = 0] = limbs.slice(2 * COUNT_NAMES.indexOf(name));
    return low + high * 2 ** 16;
  });
  refuse(faultOfSummedCounts(counts));
  return counts;
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new MaskingError("bad-counts", fault);
}
