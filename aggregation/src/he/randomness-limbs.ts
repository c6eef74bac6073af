import { RANDOMNESS_WORDS } from "../commitment/randomness.ts";
import { HeError } from "./he-error.ts";
import type { HeParameters } from "./parameters.ts";

/** Bits of a word of a commitment's randomness, which is in [-OFFSET, OFFSET). */
const WORD_BITS = 16;
const OFFSET = 2 ** (WORD_BITS - 1);

/** Values that a commitment's randomness takes: each word moved up to be unsigned, in limbs of `valueBits`. */
export function randomnessValues(parameters: HeParameters): number {
  return RANDOMNESS_WORDS * limbsOf(parameters);
}

/**
 * Randomness as limbs: every word's lowest, then every word's next. `randomness`: shape `[RANDOMNESS_WORDS]`; `target`:
 * shape `[randomnessValues(parameters)]`. Throws {@link HeError} `wrong-length`, `out-of-range` naming the index.
 */
export function writeRandomness(
  parameters: HeParameters,
  target: Uint16Array,
  randomness: Int32Array,
): void {
  requireLength("randomness", randomness, RANDOMNESS_WORDS);
  requireLength("target", target, randomnessValues(parameters));
  const index = randomness.findIndex((word) => word < -OFFSET || word >= OFFSET);
  if (index >= 0) throw new HeError("out-of-range", `randomness[${index}] has more than 16 bits`);
  const { valueBits } = parameters;
  for (let limb = 0; limb < limbsOf(parameters); limb++) {
    const shift = limb * valueBits;
    const limbs = randomness.map((word) => ((word + OFFSET) >>> shift) & (2 ** valueBits - 1));
    target.set(limbs, limb * RANDOMNESS_WORDS);
    limbs.fill(0);
  }
}

/**
 * The sum of `survivors` participants' randomness, shape `[RANDOMNESS_WORDS]`, from their limbs' sums, shape
 * `[randomnessValues(parameters)]`. Throws {@link HeError} `wrong-length`; `overflow` for a sum that so many cannot have.
 */
export function readRandomness(
  parameters: HeParameters,
  sums: Uint32Array,
  survivors: number,
): Int32Array {
  requireLength("sum of randomness", sums, randomnessValues(parameters));
  const words = new Float64Array(RANDOMNESS_WORDS).fill(-survivors * OFFSET);
  for (let limb = 0; limb < limbsOf(parameters); limb++) {
    const factor = 2 ** (limb * parameters.valueBits);
    const limbs = sums.subarray(limb * RANDOMNESS_WORDS, (limb + 1) * RANDOMNESS_WORDS);
    for (const [index, sum] of limbs.entries()) words[index] = (words[index] ?? 0) + sum * factor;
  }
  const index = words.findIndex((word) => word > survivors * (OFFSET - 1));
  if (index < 0) return Int32Array.from(words);
  throw new HeError("overflow", `randomness ${index} is beyond what ${survivors} add up to`);
}

function limbsOf({ valueBits }: HeParameters): number {
  return Math.ceil(WORD_BITS / valueBits);
}

function requireLength(what: string, words: { readonly length: number }, wanted: number): void {
  if (words.length === wanted) return;
  throw new HeError("wrong-length", `${what} has ${words.length} values, wanted ${wanted}`);
}
