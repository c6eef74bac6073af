/** Examples that are searched for repetitions: a set of this many numbers takes about 40 MB. */
const MAX_SEARCHED = 1_000_000;

/** Finds examples that are the same as an earlier one, label included. */
export class Repetitions {
  readonly #seen = new Set<number>();
  readonly #mostSearched: number;
  #examples = 0;

  constructor(mostSearched: number = MAX_SEARCHED) {
    this.#mostSearched = mostSearched;
  }

  /** Takes the next example; does nothing after the first million, or as many as are searched. */
  add(features: Float32Array, label: number): void {
    if (this.searched === this.#mostSearched) return;
    const before = this.#seen.size;
    this.#seen.add(fingerprint(features, label));
    if (this.#seen.size === before) this.#examples++;
  }

  /** Examples that repeat an earlier one. */
  get examples(): number {
    return this.#examples;
  }

  /** Examples that were looked at. */
  get searched(): number {
    return this.#seen.size + this.#examples;
  }
}

/**
 * 53 bits of the numbers: of a million different examples two have the same with a probability of 6e-5. It counts for a
 * warning, not against an attacker. Source of the mixing: MurmurHash3's 32-bit finaliser, twice with different seeds.
 */
function fingerprint(features: Float32Array, label: number): number {
  const words = new Uint32Array(features.buffer, features.byteOffset, features.length);
  let high = label;
  let low = ~label;
  for (const word of words) {
    high = mixed(Math.imul(high, 0x85ebca6b) ^ word);
    low = mixed(Math.imul(low, 0xc2b2ae35) ^ word);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

function mixed(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
