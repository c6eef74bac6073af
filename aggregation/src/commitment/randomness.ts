import type { RandomSource } from "../random.ts";
import { CommitmentError } from "./commitment-error.ts";
import { BLOCK_WORDS, LANES, RING_DEGREE } from "./ring.ts";

/** Ring elements of randomness in a commitment. */
const RANDOMNESS_ELEMENTS = 3;

/** Words of a commitment's randomness. */
export const RANDOMNESS_WORDS: number = RANDOMNESS_ELEMENTS * RING_DEGREE;

/**
 * The randomness that hides what a commitment is to: three ring elements, coefficient i of element l at 2048 l + i, each
 * word uniform in [-2^15, 2^15). Secret; added to the masked vector, so that the coordinator learns the sum alone.
 *
 * Wider than the ternary words that hiding alone would need: that sum is published, and of the sum of two ternary words
 * two ninths tell both words, whereas of two words of 16 bits it leaves more than 15 bits of each on average. 65,536
 * participants' sum fits an int32.
 */
export function drawCommitmentRandomness(random: RandomSource): Int32Array {
  const words = new Int16Array(RANDOMNESS_WORDS);
  random.fill(new Uint8Array(words.buffer));
  const randomness = Int32Array.from(words);
  words.fill(0);
  return randomness;
}

/**
 * Randomness laid out as a block: element l in lane l, nothing in the last lane. Throws {@link CommitmentError}
 * `wrong-randomness` unless it has {@link RANDOMNESS_WORDS} words.
 */
export function randomnessBlock(randomness: Int32Array): Int32Array {
  if (randomness.length !== RANDOMNESS_WORDS) {
    const message = `randomness has ${randomness.length} words, wanted ${RANDOMNESS_WORDS}`;
    throw new CommitmentError("wrong-randomness", message);
  }
  const block = new Int32Array(BLOCK_WORDS);
  for (const [index, word] of randomness.entries()) {
    const element = Math.floor(index / RING_DEGREE);
    block[(index % RING_DEGREE) * LANES + element] = word;
  }
  return block;
}
