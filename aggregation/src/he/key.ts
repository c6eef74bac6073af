import { createCipheriv, hkdfSync } from "node:crypto";
import { HeError } from "./he-error.ts";
import { DEGREE, type HeParameters, parametersHash } from "./parameters.ts";
import { plaintextOf } from "./plaintext.ts";
import type { SealContext } from "./seal-context.ts";

/** Bytes that a key grows from. */
export const KEY_SEED_BYTES = 32;

/**
 * A round's key: whoever holds it decrypts every ciphertext under it, so that only participants hold it and what they
 * encrypt is masked. Prints nothing of its bytes.
 */
export class HeKey implements Disposable {
  readonly parameters: HeParameters;
  readonly #seed: Uint8Array;
  #isWiped = false;

  private constructor(parameters: HeParameters, seed: Uint8Array) {
    this.parameters = parameters;
    this.#seed = seed;
  }

  /**
   * The key that grows from a secret seed, of which it takes a copy: another one under other parameters. Throws
   * {@link HeError} `bad-key` unless it is {@link KEY_SEED_BYTES} bytes.
   */
  static fromSeed(parameters: HeParameters, seed: Uint8Array): HeKey {
    if (seed.length !== KEY_SEED_BYTES) {
      throw new HeError("bad-key", `key has ${seed.length} bytes, wanted ${KEY_SEED_BYTES}`);
    }
    return new HeKey(parameters, seed.slice());
  }

  /** Does something with SEAL's bytes of the secret key, and wipes them. */
  use<T>(context: SealContext, work: (secretKey: Uint8Array) => T): T {
    if (this.#isWiped) throw new HeError("key-wiped", "the key was wiped");
    const polynomial = keyPolynomial(this.#seed, this.parameters);
    const plaintext = plaintextOf(context, polynomial);
    const secretKey = context.transformed(plaintext);
    try {
      return work(secretKey);
    } finally {
      for (const secret of [polynomial, plaintext, secretKey]) secret.fill(0);
    }
  }

  [Symbol.dispose](): void {
    this.#isWiped = true;
    this.#seed.fill(0);
  }
}

/**
 * The secret polynomial of a seed: coefficients uniform in {-1, 0, 1}, which is what the security table assumes, -1 as
 * 2^plainBits - 1. Drawn from AES-256-CTR under what HKDF-SHA256 makes of seed and parameters: a byte below 243 = 3^5
 * gives five. One seed is another key under other parameters: ciphertexts of both would mix unseen under one key, as
 * noise that is a multiple of 2^44 hardly touches lanes of 45 bits.
 */
export function keyPolynomial(seed: Uint8Array, parameters: HeParameters): Uint32Array {
  const salt = parametersHash(parameters);
  const expanded = new Uint8Array(hkdfSync("sha256", seed, salt, "chorus/he-key/v1", 48));
  const words = new Uint32Array(2 * DEGREE);
  const cipher = createCipheriv("aes-256-ctr", expanded.subarray(0, 32), expanded.subarray(32));
  const zeros = new Uint8Array(DEGREE);
  for (let filled = 0; filled < DEGREE; ) {
    const drawn = cipher.update(zeros);
    filled = fillTernary(words, drawn, filled, parameters);
    drawn.fill(0);
  }
  expanded.fill(0);
  return words;
}

/** Fills coefficients from `filled` on, until bytes or places run out; gives the first that is left. */
function fillTernary(
  words: Uint32Array,
  bytes: Uint8Array,
  filled: number,
  { plainBits }: HeParameters,
): number {
  let next = filled;
  for (const byte of bytes) {
    if (byte >= 243) continue;
    for (let rest = byte, digits = 0; digits < 5 && next < DEGREE; digits++, next++) {
      setTernary(words, next, rest % 3, plainBits);
      rest = Math.floor(rest / 3);
    }
  }
  return next;
}

/** `digit`: 0, 1, or 2 for -1. */
function setTernary(words: Uint32Array, index: number, digit: number, plainBits: number): void {
  if (digit === 1) words[2 * index] = 1;
  if (digit === 2) words.set([2 ** 32 - 1, 2 ** (plainBits - 32) - 1], 2 * index);
}
