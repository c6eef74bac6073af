/**
 * The ring that commitments live in: R_q = Z_q[X] / (X^2048 + 1) with q the product of two primes p = 1 modulo 4096, so that
 * a polynomial modulo p is determined by its values at the 2048 roots of X^2048 + 1. Ring elements are held as those
 * values, modulo each prime: sums and products are then taken value by value.
 */

/** Coefficients of a polynomial, and values of it. */
export const RING_DEGREE = 2048;

/** The two largest primes below 2^31 that are 1 modulo 4096; log2 of their product is 62. */
export const MODULI: readonly number[] = [2147389441, 2147377153];

/** Polynomials that the kernels work on at once: word 4 i + l of a block is coefficient i of polynomial l. */
export const LANES = 4;

/** Words of a block. */
export const BLOCK_WORDS: number = LANES * RING_DEGREE;

/** a * b modulo `modulus`. All integers, 0 <= a, b < modulus < 2^31. */
export function multiplyModulo(a: number, b: number, modulus: number): number {
  // The quotient is off by at most 1/2 and 2^-20 for rounding: the remainder fits the lower 32 bits, with its sign.
  const quotient = Math.floor((a * b) / modulus + 0.5);
  const remainder = (Math.imul(a, b) - Math.imul(quotient, modulus)) | 0;
  return remainder < 0 ? remainder + modulus : remainder;
}

/** base^exponent modulo `modulus`. `exponent`: an integer from 0 to 2^31 - 1. */
export function powerModulo(base: number, exponent: number, modulus: number): number {
  let power = base;
  let result = 1;
  for (let bits = exponent; bits > 0; bits >>>= 1) {
    if (bits & 1) result = multiplyModulo(result, power, modulus);
    power = multiplyModulo(power, power, modulus);
  }
  return result;
}

/**
 * The powers of psi that the butterflies multiply by: psi^bitReversed(i) at i, 0 <= i < 2048, where psi = g^((p - 1) / 4096)
 * and g is the smallest quadratic non-residue, so that psi^2048 = -1. Position i of a transformed polynomial is then its
 * value at psi^(2 bitReversed(i) + 1).
 */
export function rootsOf(modulus: number): Int32Array {
  let nonResidue = 2;
  while (powerModulo(nonResidue, (modulus - 1) / 2, modulus) === 1) nonResidue++;
  const psi = powerModulo(nonResidue, (modulus - 1) / (2 * RING_DEGREE), modulus);
  return Int32Array.from({ length: RING_DEGREE }, (_, index) =>
    powerModulo(psi, bitReversed(index), modulus),
  );
}

/** The eleven bits of a position in a polynomial, last to first. */
export function bitReversed(index: number): number {
  let reversed = 0;
  for (let bit = 1; bit < RING_DEGREE; bit <<= 1) {
    reversed = (reversed << 1) | (index & bit ? 1 : 0);
  }
  return reversed;
}

/** A machine that adds up products of small polynomials and public factors, a block of four at a time. */
export interface RingSum extends Disposable {
  /**
   * Adds the four products of a block. `words`: shape `[BLOCK_WORDS]`, coefficients, any int32. `factors`: shape
   * `[moduli, BLOCK_WORDS]`, the values of four polynomials modulo each prime, laid out like the words and below the
   * modulus. Both are only read. RangeError for other lengths.
   */
  addBlock(words: Int32Array, factors: Uint32Array): void;
  /** The sum: values modulo each prime, below it, shape `[moduli, RING_DEGREE]`. */
  total(): Uint32Array;
}

/** Makes sums, zero at first; whoever calls it disposes of them, which wipes what they hold of the words. */
export interface Ring {
  openSum(): RingSum;
}

/** Throws RangeError for a block or factors of another length. */
export function requireBlock(words: Int32Array, factors: Uint32Array): void {
  const wanted = MODULI.length * BLOCK_WORDS;
  if (words.length !== BLOCK_WORDS || factors.length !== wanted) {
    const got = `${words.length} words and ${factors.length} factors`;
    throw new RangeError(`block has ${got}, wanted ${BLOCK_WORDS} and ${wanted}`);
  }
}
