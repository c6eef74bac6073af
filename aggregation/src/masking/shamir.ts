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
  for (const { index, share } of shares) {
    if (share.length !== length) {
      throw new RangeError(`share has ${share.length} bytes, wanted ${length}`);
    }
    const term = wordsOfBytes(new Uint8Array(share));
    multiplyAddGf256(term, lagrangeCoefficient(index, indices), secret);
    secret.set(term);
    term.fill(0);
  }
  return bytesOfWords(secret);
}

/** What the share at `own` is multiplied by when a polynomial is evaluated at zero: the product of x / (x - own). */
function lagrangeCoefficient(own: number, indices: readonly number[]): number {
  const others = indices.filter((x) => x !== own);
  const numerator = others.reduce(multiplyGf256, 1);
  const denominator = others.map((x) => x ^ own).reduce(multiplyGf256, 1);
  return multiplyGf256(numerator, invertGf256(denominator));
}

/** a^254 = a^2 a^4 a^8 ... a^128, which is the inverse of `a`, 1 to 255. */
function invertGf256(a: number): number {
  let power = a;
  let inverse = 1;
  for (let i = 0; i < 7; i++) {
    power = multiplyGf256(power, power);
    inverse = multiplyGf256(inverse, power);
  }
  return inverse;
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
