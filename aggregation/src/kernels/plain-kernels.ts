import type { RandomSource } from "../random.ts";
import { addRing, bytesOfWords, quantiseInto, subtractRing, wordsOfBytes } from "../vector.ts";
import {
  BLOCK_WORDS,
  type Kernels,
  type RingTerm,
  type Rounding,
  requireBlock,
  requireRounding,
} from "./kernels.ts";

/** Kernels in TypeScript alone: what the fast ones are checked against, and what runs where there is no WebAssembly. */
export class PlainKernels implements Kernels {
  readonly #random = new Uint32Array(BLOCK_WORDS);

  accumulate(block: Uint32Array, terms: Iterable<RingTerm>): void {
    requireBlock(block);
    for (const { bytes, isAdded } of terms) {
      const apply = isAdded ? addRing : subtractRing;
      apply(block, wordsOfBytes(bytes));
    }
  }

  quantise(
    target: Uint32Array,
    values: Float32Array,
    rounding: Rounding,
    random: RandomSource,
  ): void {
    requireBlock(target);
    requireRounding(rounding);
    const drawn = this.#random.subarray(0, target.length);
    random.fill(bytesOfWords(drawn));
    quantiseInto(target, values, rounding.factor, rounding.limit, drawn);
  }

  [Symbol.dispose](): void {
    this.#random.fill(0);
  }
}
