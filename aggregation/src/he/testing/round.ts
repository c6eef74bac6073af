import { seededRandom } from "../../random.ts";
import { bytesOfWords } from "../../vector.ts";
import { ChunkAdder, ChunkCipher } from "../chunk-cipher.ts";
import { packSum, SUM_WORDS } from "../ciphertext-form.ts";
import { HeError, type HeErrorCode } from "../he-error.ts";
import { HeKey } from "../key.ts";
import { type HeParameters, heParameters } from "../parameters.ts";
import { Seal } from "../seal.ts";

/** For tests: an instance, a key, and both halves under it. */
export class TestBench implements Disposable {
  readonly seal: Seal;
  readonly key: HeKey;
  readonly cipher: ChunkCipher;
  readonly adder: ChunkAdder;

  private constructor(seal: Seal, key: HeKey) {
    this.seal = seal;
    this.key = key;
    this.cipher = new ChunkCipher(seal, key);
    this.adder = new ChunkAdder(seal, key.parameters);
  }

  static async open(parameters: HeParameters = heParameters(8, 3)): Promise<TestBench> {
    return new TestBench(await Seal.open(), keyFrom("the round's key", parameters));
  }

  /** The sum of ciphertexts, as words. */
  sumOf(ciphertexts: Iterable<Uint8Array>): Uint32Array {
    const sum = new Uint32Array(SUM_WORDS);
    for (const ciphertext of ciphertexts) this.adder.addTo(sum, ciphertext);
    return sum;
  }

  /** What the sum of ciphertexts is the encryption of. */
  opened(ciphertexts: Iterable<Uint8Array>): Uint32Array {
    return this.cipher.decrypt(packSum(this.sumOf(ciphertexts)));
  }

  [Symbol.dispose](): void {
    this.cipher[Symbol.dispose]();
    this.adder[Symbol.dispose]();
    this.seal[Symbol.dispose]();
  }
}

/** For tests: 32 bytes that repeat. */
export function seedOf(name: string): Uint8Array<ArrayBuffer> {
  const seed = new Uint8Array(32);
  seededRandom(name).fill(seed);
  return seed;
}

/** For tests: a key that repeats. */
export function keyFrom(name: string, parameters: HeParameters): HeKey {
  return HeKey.fromSeed(parameters, seedOf(name));
}

/** For tests: words that repeat. */
export function wordsOf(seed: string, length: number): Uint32Array {
  const words = new Uint32Array(length);
  seededRandom(seed).fill(bytesOfWords(words));
  return words;
}

/** For tests: values of so many bits that repeat. */
export function valuesOf(seed: string, length: number, bits: number): Uint16Array {
  return Uint16Array.from(wordsOf(seed, length), (word) => word >>> (32 - bits));
}

/** For tests: the code with which an action is refused; undefined where it is not. */
export function codeOf(action: () => unknown): HeErrorCode | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof HeError) return error.code;
    throw error;
  }
  return undefined;
}
