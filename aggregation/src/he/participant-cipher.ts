import type { MaskSeeds } from "../masking/mask-set.ts";
import { ChunkCipher } from "./chunk-cipher.ts";
import { CIPHERTEXT_BYTES, SUM_BYTES } from "./ciphertext-form.ts";
import { applyCoefficientMasks } from "./coefficient-masks.ts";
import { HeError } from "./he-error.ts";
import { HeKey } from "./key.ts";
import {
  CHUNK_WORDS,
  chunkCount,
  chunkOf,
  packValues,
  unpackSums,
  valuesPerChunk,
} from "./lanes.ts";
import type { HeParameters } from "./parameters.ts";
import { Seal } from "./seal.ts";

/** Chunks that are packed and masked at a time: 1 MiB, whatever the model's size. */
const SECTION_CHUNKS = 64;

/**
 * A participant's half of a round: encrypts its update under the round's key, and opens the sum. Holds the key in an
 * instance of SEAL of its own until it is disposed of, which overwrites the instance's memory. After a `he-failed` it is of
 * no use any more.
 */
export class ParticipantCipher implements Disposable {
  readonly #parameters: HeParameters;
  readonly #seal: Seal;
  readonly #cipher: ChunkCipher;

  private constructor(parameters: HeParameters, seal: Seal, cipher: ChunkCipher) {
    this.#parameters = parameters;
    this.#seal = seal;
    this.#cipher = cipher;
  }

  /**
   * A cipher under the key that grows from `keySeed`, which stays the caller's to wipe: about 0.1 s, 16 MiB. Rejects with
   * {@link HeError} `bad-key` for another length than 32 bytes, and of the instance.
   */
  static async open(parameters: HeParameters, keySeed: Uint8Array): Promise<ParticipantCipher> {
    using key = HeKey.fromSeed(parameters, keySeed);
    const seal = await Seal.open();
    try {
      return new ParticipantCipher(parameters, seal, new ChunkCipher(seal, key));
    } catch (error) {
      seal[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Ciphertexts of masked values, chunk after chunk, CIPHERTEXT_BYTES each. Overwrites `values` and `masks`, also when it
   * fails. Throws {@link HeError} `out-of-range`, naming the index, for a value of more than `valueBits` bits.
   */
  encrypt(values: Uint16Array, masks: MaskSeeds): Uint8Array {
    try {
      return this.#encrypt(values, masks);
    } finally {
      for (const secret of [values, masks.added, masks.subtracted]) secret.fill(0);
    }
  }

  /**
   * The sums of `survivors` participants' values, shape `[valueCount]`, of an encrypted sum from the coordinator. Throws
   * {@link HeError} `wrong-length`, `bad-residue`, `transparent`; `wrong-sum` and `overflow` as `unpackSums`.
   */
  openSum(encryptedSum: Uint8Array, valueCount: number, survivors: number): Uint32Array {
    const chunks = chunkCount(this.#parameters, valueCount);
    if (encryptedSum.length !== chunks * SUM_BYTES) {
      const message = `sum has ${encryptedSum.length} bytes, wanted ${chunks} chunks of ${SUM_BYTES}`;
      throw new HeError("wrong-length", message);
    }
    const sums = new Uint32Array(valueCount);
    const perChunk = valuesPerChunk(this.#parameters);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const bytes = encryptedSum.subarray(chunk * SUM_BYTES, (chunk + 1) * SUM_BYTES);
      const target = sums.subarray(chunk * perChunk, (chunk + 1) * perChunk);
      const opened = this.#cipher.decrypt(bytes, `chunk ${chunk} of the sum`);
      target.set(unpackSums(this.#parameters, opened, target.length, survivors, chunk));
      opened.fill(0);
    }
    return sums;
  }

  [Symbol.dispose](): void {
    this.#cipher[Symbol.dispose]();
    this.#seal[Symbol.dispose]();
  }

  #encrypt(values: Uint16Array, masks: MaskSeeds): Uint8Array {
    const perSection = SECTION_CHUNKS * valuesPerChunk(this.#parameters);
    const ciphertexts = new Uint8Array(
      chunkCount(this.#parameters, values.length) * CIPHERTEXT_BYTES,
    );
    let chunk = 0;
    for (let first = 0; first < values.length; first += perSection) {
      const section = values.subarray(first, first + perSection);
      const coefficients = packValues(this.#parameters, section, first);
      applyCoefficientMasks(this.#parameters, coefficients, masks, chunk);
      for (let i = 0; i < coefficients.length / CHUNK_WORDS; i++, chunk++) {
        const ciphertext = this.#cipher.encrypt(chunkOf(coefficients, i));
        ciphertexts.set(ciphertext, chunk * CIPHERTEXT_BYTES);
      }
      coefficients.fill(0);
    }
    return ciphertexts;
  }
}
