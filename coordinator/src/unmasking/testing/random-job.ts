import { RandomNumbers, seededRandom, type UnmaskingJob } from "@chorus/aggregation";

/** A job that repeats: words, and masks that come from nobody. */
export function randomJob(
  seed: string,
  { words, added, subtracted }: { words: number; added: number; subtracted: number },
): UnmaskingJob {
  const random = seededRandom(seed);
  const numbers = new RandomNumbers(random);
  const masks = { added: new Uint8Array(32 * added), subtracted: new Uint8Array(32 * subtracted) };
  random.fill(masks.added);
  random.fill(masks.subtracted);
  return { firstWord: 0, words: new Uint32Array(words).map(() => numbers.word()), masks };
}

/** A job that shares nothing with another one like it. */
export function copyOf({ firstWord, words, masks }: UnmaskingJob): UnmaskingJob {
  const { added, subtracted } = masks;
  return {
    firstWord,
    words: words.slice(),
    masks: { added: added.slice(), subtracted: subtracted.slice() },
  };
}
