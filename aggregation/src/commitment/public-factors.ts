import { createCipheriv } from "node:crypto";
import { sha256 } from "../hash.ts";
import { wordsOfBytes } from "../vector.ts";
import { BLOCK_WORDS, MODULI } from "./ring.ts";

/** What a block of public factors multiplies: committed words or randomness. */
export type FactorKind = "data" | "randomness";

/** Words of 31 bits are drawn. */
const WORD_MASK = 0x7fffffff;

/** Hashed into every seed. */
const LABEL = "chorus/ring-sis/v1";

/**
 * The public factors a_j and b_j of block `index`: values modulo each prime, uniform, as if nobody had chosen them. Shape
 * `[moduli, BLOCK_WORDS]`, written into `target`.
 *
 * For each prime p, SHA-256("chorus/ring-sis/v1/" || kind || "/" || index || "/" || p), numbers in decimal, is the key (16
 * bytes) and the first counter block (16 bytes) of AES-128-CTR. Its stream is read as little-endian words whose highest
 * bit is dropped; words that are not below p are left out (one in 20,000). Word 4 i + l of what remains is the value of
 * factor 4 `index` + l at position i, which `rootsOf` defines.
 */
export function fillFactors(target: Uint32Array, kind: FactorKind, index: number): void {
  const signed = new Int32Array(target.buffer, target.byteOffset, target.length);
  const zeros = new Uint8Array(4 * BLOCK_WORDS);
  for (const [place, modulus] of MODULI.entries()) {
    const part = signed.subarray(place * BLOCK_WORDS, (place + 1) * BLOCK_WORDS);
    fillResidues(part, modulus, `${LABEL}/${kind}/${index}/${modulus}`, zeros);
  }
}

/** Draws as many words as are missing, and again for those that were rejected. `zeros`: as long as `target`. */
function fillResidues(target: Int32Array, modulus: number, label: string, zeros: Uint8Array): void {
  const seed = sha256(label);
  const cipher = createCipheriv("aes-128-ctr", seed.subarray(0, 16), seed.subarray(16));
  let filled = 0;
  while (filled < target.length) {
    const words = wordsOfBytes(cipher.update(zeros.subarray(4 * filled)));
    filled = appendBelow(target, filled, words, modulus);
  }
}

/**
 * Appends the words' lower 31 bits where they are below the modulus; returns how full `target` is, which has room for all
 * of the words. In 32-bit integers and without a branch: measured (EPYC, Node 24) 1 ns a word, 5 and more otherwise.
 */
function appendBelow(
  target: Int32Array,
  filled: number,
  words: Uint32Array,
  modulus: number,
): number {
  const drawn = new Int32Array(words.buffer, words.byteOffset, words.length);
  const limit = modulus | 0;
  let end = filled;
  for (let i = 0; i < drawn.length; i++) {
    const candidate = (drawn[i] ?? 0) & WORD_MASK;
    target[end] = candidate;
    end = (end + ((candidate - limit) >>> 31)) | 0;
  }
  return end;
}

/**
 * The factors of committed words, kept for the first `cachedWords` words at 8 bytes a word and made anew for the others
 * at every use.
 */
export class PublicFactors {
  readonly #cachedBlocks: number;
  readonly #cache = new Map<number, Uint32Array>();
  readonly #scratch: Uint32Array = new Uint32Array(MODULI.length * BLOCK_WORDS);

  /** RangeError unless `cachedWords` is an integer from 0 on. */
  constructor({ cachedWords }: { readonly cachedWords: number }) {
    if (!Number.isSafeInteger(cachedWords) || cachedWords < 0) {
      throw new RangeError(`cachedWords is ${cachedWords}, wanted an integer from 0 on`);
    }
    this.#cachedBlocks = Math.ceil(cachedWords / BLOCK_WORDS);
  }

  /** The factors of a block, valid until the next call. */
  block(kind: FactorKind, index: number): Uint32Array {
    if (kind === "randomness" || index >= this.#cachedBlocks)
      return this.#filled(this.#scratch, kind, index);
    const cached =
      this.#cache.get(index) ?? this.#filled(new Uint32Array(this.#scratch.length), kind, index);
    this.#cache.set(index, cached);
    return cached;
  }

  #filled(target: Uint32Array, kind: FactorKind, index: number): Uint32Array {
    fillFactors(target, kind, index);
    return target;
  }
}
