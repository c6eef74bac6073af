import type { RandomSource } from "../random.ts";

/** The longest block that kernels take. Measured (EPYC, Node 24): 16,384 to 32,768 words are within a tenth of the best. */
export const BLOCK_WORDS = 32_768;

/**
 * The arithmetic that masking spends its time on, a block of at most {@link BLOCK_WORDS} words at a time (RangeError for
 * more). Every implementation leaves the same bytes. Blocks pass through the implementation's own memory, which does not
 * grow and which disposing wipes.
 */
export interface Kernels extends Disposable {
  /** Adds terms to `block`, or subtracts them from it, in Z_2^32, in place; each is read before the next is asked for. */
  accumulate(block: Uint32Array, terms: Iterable<RingTerm>): void;
  /**
   * target[i] = values[i] * factor, clamped to ±limit, rounded to a neighbouring integer, up with a probability equal to
   * the fraction (exact to 2^-32), as two's complement. `values`: finite, of `target`'s shape. `random` gives 32 bits a
   * value. RangeError for another shape or a {@link Rounding} out of range.
   */
  quantise(
    target: Uint32Array,
    values: Float32Array,
    rounding: Rounding,
    random: RandomSource,
  ): void;
}

/** Makes kernels; whoever calls it disposes of them. */
export type OpenKernels = () => Kernels;

/** What is added to a block, or subtracted. */
export interface RingTerm {
  /** Little-endian words, as many as the block has (RangeError otherwise). */
  readonly bytes: Uint8Array;
  readonly isAdded: boolean;
}

/** How values become integers. */
export interface Rounding {
  /** Finite. */
  readonly factor: number;
  /** An integer from 0 to 2^31 - 1. */
  readonly limit: number;
}

/** Throws RangeError for a block that is too long. */
export function requireBlock(block: Uint32Array): void {
  if (block.length > BLOCK_WORDS) {
    throw new RangeError(`block has ${block.length} words, wanted at most ${BLOCK_WORDS}`);
  }
}

/** Throws RangeError for a factor or a limit out of range. */
export function requireRounding({ factor, limit }: Rounding): void {
  if (!Number.isFinite(factor)) throw new RangeError(`factor is ${factor}, wanted a number`);
  if (!Number.isInteger(limit) || limit < 0 || limit > 2 ** 31 - 1) {
    throw new RangeError(`limit is ${limit}, wanted an integer from 0 to 2^31 - 1`);
  }
}

/** Throws RangeError for operands of different lengths. */
export function requireLengths(what: string, got: number, wanted: number): void {
  if (got !== wanted) throw new RangeError(`${what} has ${got} words, wanted ${wanted}`);
}
