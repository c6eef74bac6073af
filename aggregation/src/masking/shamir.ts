import type { RandomSource } from "../random.ts";
import { bytesOfWords, multiplyAddGf256, multiplyGf256, wordsOfBytes } from "../vector.ts";

/** A share and the coordinate that it was made for. */
export interface ShamirShare {
  /** 1 to 255. */
  readonly index: number;
  readonly share: Uint8Array;
}

/**
 * A secret split so that any `threshold` shares rebuild it and fewer say nothing. Prints nothing of it.
 * Source: Shamir 1979, over GF(2^8) modulo 0x11b, byte by byte.
 */
export class SecretPolynomial implements Disposable {
  /** From the highest power of x to the lowest, which is the secret. */
  readonly #coefficients: readonly Uint32Array[];

  /**
   * `secret`: a positive multiple of four bytes; it is copied. `threshold`: 1 to 255. `random`: draws the other
   * coefficients, each byte from all 256 values. Throws RangeError for anything else.
   */
  constructor(secret: Uint8Array, threshold: number, random: RandomSource) {
    requireSecretLength(secret.length);
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > 255) {
      throw new RangeError(`threshold is ${threshold}, wanted 1 to 255`);
    }
    const drawn = Array.from({ length: threshold - 1 }, () => {
      const coefficient = new Uint32Array(secret.length / 4);
      random.fill(bytesOfWords(coefficient));
      return coefficient;
    });
    this.#coefficients = [...drawn, wordsOfBytes(new Uint8Array(secret))];
  }

  /** The share at a coordinate from 1 to 255 (RangeError otherwise), as long as the secret. */
  shareAt(index: number): Uint8Array {
    requireIndices([index]);
    const value = new Uint32Array(this.#coefficients[0]?.length ?? 0);
    for (const coefficient of this.#coefficients) multiplyAddGf256(value, index, coefficient);
    return bytesOfWords(value);
  }

  [Symbol.dispose](): void {
    for (const coefficient of this.#coefficients) coefficient.fill(0);
  }
}

/**
 * The secret that shares of it rebuild. Shares of different secrets give wrong bytes, not an error: compare with a
 * commitment. Throws RangeError unless coordinates are distinct and 1 to 255, and all shares of one length.
 */
export function combineShares(shares: readonly ShamirShare[]): Uint8Array {
  const indices = shares.map(({ index }) => index);
  const length = shares[0]?.share.length ?? 0;
  requireIndices(indices);
  requireSecretLength(length);
  const secret = new Uint32Array(length / 4);
  const coefficients = lagrangeCoefficients(indices);
  for (const [i, { share }] of shares.entries()) {
    if (share.length !== length) {
      throw new RangeError(`share has ${share.length} bytes, wanted ${length}`);
    }
    const term = wordsOfBytes(new Uint8Array(share));
    multiplyAddGf256(term, coefficients[i] ?? 0, secret);
    secret.set(term);
    term.fill(0);
  }
  return bytesOfWords(secret);
}

/**
 * What the share at each coordinate is multiplied by when a polynomial is evaluated at zero: the product of x / (x - own)
 * over the others. In logarithms, a product is a sum: a cohort of a thousand takes millions of them. Coordinates are
 * public, so tables leak nothing.
 */
function lagrangeCoefficients(indices: readonly number[]): number[] {
  const powers = powersOfGenerator();
  const logs = new Uint8Array(256);
  for (const [exponent, power] of powers.entries()) logs[power] = exponent;
  const logOf = (value: number): number => logs[value] ?? 0;
  const numerator = indices.reduce((sum, x) => sum + logOf(x), 0);
  return indices.map((own) => {
    // The own coordinate adds the logarithm of zero, which the table has as zero.
    const denominator = indices.reduce((sum, x) => sum + logOf(x ^ own), logOf(own));
    const exponent = (numerator - denominator) % ORDER;
    return powers[exponent < 0 ? exponent + ORDER : exponent] ?? 0;
  });
}

/** How many elements of the field are not zero: what exponents are taken modulo. */
const ORDER = 255;

/** 3^0 to 3^254, which are all the elements but zero. */
function powersOfGenerator(): Uint8Array {
  const powers = new Uint8Array(ORDER).fill(1);
  for (let i = 1; i < ORDER; i++) powers[i] = multiplyGf256(powers[i - 1] ?? 1, 3);
  return powers;
}

function requireIndices(indices: readonly number[]): void {
  const bad = indices.find((x) => !Number.isInteger(x) || x < 1 || x > 255);
  if (bad !== undefined) throw new RangeError(`coordinate is ${bad}, wanted 1 to 255`);
  if (new Set(indices).size !== indices.length) throw new RangeError("a coordinate is there twice");
}

function requireSecretLength(length: number): void {
  if (length === 0 || length % 4 !== 0) {
    throw new RangeError(`secret has ${length} bytes, wanted a positive multiple of four`);
  }
}
