import { BLOCK_WORDS, type OpenKernels, type RingTerm } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import { type Keystream, wipeAndFree } from "./keystream.ts";
import { MaskStream } from "./mask-stream.ts";

/** Ciphers held open at once: bounds memory for large cohorts. */
const STREAMS_AT_ONCE = 64;

/** Bytes that a mask expands from: a key and a counter. */
const SEED_BYTES = 32;

/** What masks expand from, as plain data that another thread can be given. Secret: whoever holds it wipes it. */
export interface MaskSeeds {
  /** 32 bytes for each mask that is added, one after the other. */
  readonly added: Uint8Array<ArrayBuffer>;
  /** The same for masks that are subtracted. */
  readonly subtracted: Uint8Array<ArrayBuffer>;
}

/** Masks that are applied together, once. Prints nothing of them. */
export class MaskSet implements Disposable {
  readonly #masks: readonly MaskStream[];

  constructor(masks: readonly MaskStream[]) {
    this.#masks = masks;
  }

  /** The masks that {@link seeds} gave, copied. */
  static fromSeeds({ added, subtracted }: MaskSeeds): MaskSet {
    return new MaskSet([...streamsOf(added, true), ...streamsOf(subtracted, false)]);
  }

  /** A copy of what the masks expand from. */
  seeds(): MaskSeeds {
    return { added: this.#seedsOf(true), subtracted: this.#seedsOf(false) };
  }

  /**
   * Adds or subtracts every mask in Z_2^32, in place, in memory that depends neither on the vector's length nor on the
   * number of masks. `firstWord`: the place of the vector's first word in the whole vector that the masks are for, an
   * integer from 0 (RangeError otherwise): stretches that are masked one by one are masked as the whole is.
   */
  applyTo(vector: Uint32Array, firstWord = 0, openKernels: OpenKernels = openFastKernels): void {
    using kernels = openKernels();
    const zeros = new Uint8Array(4 * BLOCK_WORDS);
    for (let first = 0; first < this.#masks.length; first += STREAMS_AT_ONCE) {
      const masks = this.#masks.slice(first, first + STREAMS_AT_ONCE);
      const open = masks.map((mask) => [mask.open(firstWord), mask.isAdded] as const);
      for (let offset = 0; offset < vector.length; offset += BLOCK_WORDS) {
        const block = vector.subarray(offset, offset + BLOCK_WORDS);
        kernels.accumulate(block, nextTerms(open, zeros.subarray(0, block.byteLength)));
      }
    }
  }

  [Symbol.dispose](): void {
    for (const mask of this.#masks) mask[Symbol.dispose]();
  }

  #seedsOf(isAdded: boolean): Uint8Array<ArrayBuffer> {
    const masks = this.#masks.filter((mask) => mask.isAdded === isAdded);
    const seeds = new Uint8Array(SEED_BYTES * masks.length);
    for (const [i, mask] of masks.entries()) {
      mask.copySeedTo(seeds.subarray(SEED_BYTES * i, SEED_BYTES * (i + 1)));
    }
    return seeds;
  }
}

function streamsOf(seeds: Uint8Array, isAdded: boolean): MaskStream[] {
  return Array.from(
    { length: seeds.length / SEED_BYTES },
    (_, i) => new MaskStream(seeds.slice(SEED_BYTES * i, SEED_BYTES * (i + 1)), isAdded),
  );
}

/** Every mask's next words, each wiped and freed when the one after it is asked for. */
function* nextTerms(
  masks: readonly (readonly [keystream: Keystream, isAdded: boolean])[],
  zeros: Uint8Array,
): Generator<RingTerm> {
  for (const [keystream, isAdded] of masks) {
    const bytes = keystream.next(zeros);
    try {
      yield { bytes, isAdded };
    } finally {
      wipeAndFree(bytes);
    }
  }
}
