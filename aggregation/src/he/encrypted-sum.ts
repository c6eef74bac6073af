import type { MaskSeeds } from "../masking/mask-set.ts";
import { ChunkAdder } from "./chunk-cipher.ts";
import {
  CIPHERTEXT_BYTES,
  CiphertextGuard,
  packSum,
  SUM_BYTES,
  SUM_WORDS,
} from "./ciphertext-form.ts";
import { applyCoefficientMasks } from "./coefficient-masks.ts";
import { HeError, type HeErrorCode } from "./he-error.ts";
import { CHUNK_WORDS, chunkCount, chunkOf } from "./lanes.ts";
import type { HeParameters } from "./parameters.ts";
import { Renewed } from "./renewed.ts";
import type { Seal } from "./seal.ts";

/** Chunks whose masks are expanded at a time: 1 MiB, whatever the model's size. */
const SECTION_CHUNKS = 64;

declare const CHECKED: unique symbol;

/** Bytes that {@link EncryptedSum.check} has let through, and nobody has changed since. */
export type CheckedCiphertexts<Bytes extends Uint8Array = Uint8Array> = Bytes & {
  readonly [CHECKED]: true;
};

/** What an instance of SEAL that is of no use any more answers. */
const LOST: ReadonlySet<HeErrorCode> = new Set(["he-failed", "instance-lost"]);

/**
 * The coordinator's half of a round: adds participants' ciphertexts up, one accumulator for each chunk, keeps nothing of
 * them, and takes the masks off the sum. Made of public parameters alone. When its instance of SEAL fails, it goes on
 * with another one: the accumulators are outside. Not for two calls at a time.
 */
export class EncryptedSum implements Disposable {
  readonly #parameters: HeParameters;
  readonly #adder: Renewed<ChunkAdder>;
  readonly #guard = new CiphertextGuard();
  readonly #chunks: number;
  /** Shape `[chunks, SUM_WORDS]`. */
  readonly #sums: Uint32Array;

  private constructor(parameters: HeParameters, valueCount: number, adder: Renewed<ChunkAdder>) {
    this.#parameters = parameters;
    this.#adder = adder;
    this.#chunks = chunkCount(parameters, valueCount);
    this.#sums = new Uint32Array(this.#chunks * SUM_WORDS);
  }

  /**
   * A sum of nothing yet, of participants that encrypt `valueCount` values each (see `heValueCount`). Rejects with
   * {@link HeError} `he-failed`. `makeAdder`: for tests.
   */
  static async open(
    parameters: HeParameters,
    valueCount: number,
    makeAdder = (seal: Seal): ChunkAdder => new ChunkAdder(seal, parameters),
  ): Promise<EncryptedSum> {
    return new EncryptedSum(parameters, valueCount, await Renewed.open(makeAdder));
  }

  /**
   * Returns the bytes themselves. Throws {@link HeError} unless these are a participant's ciphertexts, CIPHERTEXT_BYTES each,
   * one for every chunk: `wrong-length`; `bad-residue` and `transparent`, naming the chunk. SEAL sees nothing of them.
   */
  check<Bytes extends Uint8Array>(ciphertexts: Bytes): CheckedCiphertexts<Bytes> {
    requireChunks("upload", ciphertexts, this.#chunks * CIPHERTEXT_BYTES);
    for (let chunk = 0; chunk < this.#chunks; chunk++) {
      this.#guard.check(ciphertextOf(ciphertexts, chunk), `chunk ${chunk}`);
    }
    return ciphertexts as CheckedCiphertexts<Bytes>;
  }

  /**
   * Adds a participant's ciphertexts. Rejects with {@link HeError} `he-failed` when SEAL fails twice at the same chunk: the sum
   * then holds a part of them, and is of no use.
   */
  async add(ciphertexts: CheckedCiphertexts): Promise<void> {
    let chunk = 0;
    await this.#withSeal((adder) => {
      for (; chunk < this.#chunks; chunk++) {
        adder.addTo(this.#sumOf(chunk), ciphertextOf(ciphertexts, chunk));
      }
    });
  }

  /**
   * The sum without the masks, packed, SUM_BYTES for each chunk. Changes nothing. Rejects with {@link HeError}
   * `transparent` for a sum that nothing was added to, `he-failed`.
   */
  async takeOff(masks: MaskSeeds): Promise<Uint8Array<ArrayBuffer>> {
    const packed = new Uint8Array(this.#chunks * SUM_BYTES);
    for (let first = 0; first < this.#chunks; first += SECTION_CHUNKS) {
      const count = Math.min(SECTION_CHUNKS, this.#chunks - first);
      const left = new Uint32Array(count * CHUNK_WORDS);
      applyCoefficientMasks(this.#parameters, left, masks, first);
      await this.#withSeal((adder) => {
        for (let i = 0; i < count; i++) {
          const sum = this.#sumOf(first + i).slice();
          adder.takeOff(sum, chunkOf(left, i));
          packed.set(packSum(sum), (first + i) * SUM_BYTES);
        }
      });
    }
    return packed;
  }

  [Symbol.dispose](): void {
    this.#adder[Symbol.dispose]();
  }

  /** Does something that a failure of SEAL leaves undone from where it was, once more after the first failure. */
  async #withSeal(work: (adder: ChunkAdder) => void): Promise<void> {
    try {
      await this.#adder.use(work);
    } catch (error) {
      if (!(error instanceof HeError) || !LOST.has(error.code)) throw error;
      await this.#adder.use(work);
    }
  }

  #sumOf(chunk: number): Uint32Array {
    return this.#sums.subarray(chunk * SUM_WORDS, (chunk + 1) * SUM_WORDS);
  }
}

function ciphertextOf(ciphertexts: Uint8Array, chunk: number): Uint8Array {
  return ciphertexts.subarray(chunk * CIPHERTEXT_BYTES, (chunk + 1) * CIPHERTEXT_BYTES);
}

function requireChunks(what: string, bytes: Uint8Array, wanted: number): void {
  if (bytes.length === wanted) return;
  throw new HeError("wrong-length", `${what} has ${bytes.length} bytes, wanted ${wanted}`);
}
