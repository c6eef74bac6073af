import { createCipheriv, hkdfSync, randomFillSync } from "node:crypto";

/** Where random bytes come from: {@link systemRandom} for what must be secret, {@link seededRandom} for what must repeat. */
export interface RandomSource {
  /** Overwrites every byte of `bytes`. How a draw is split over calls does not change the bytes drawn. */
  fill(bytes: Uint8Array): void;
}

/** The operating system's generator: the only source for keys, seeds and rounding in production. */
export const systemRandom: RandomSource = {
  fill: (bytes) => {
    randomFillSync(bytes);
  },
};

/**
 * A stream that repeats: the same seed gives the same bytes on every machine. For shuffles, initial models and tests,
 * never for secrets. AES-128-CTR under a key and counter that HKDF-SHA256 derives from the seed.
 */
export function seededRandom(seed: string | Uint8Array): RandomSource {
  const keyAndCounter = new Uint8Array(hkdfSync("sha256", seed, "", "chorus/seeded-random/v1", 32));
  const cipher = createCipheriv(
    "aes-128-ctr",
    keyAndCounter.subarray(0, 16),
    keyAndCounter.subarray(16),
  );
  const zeros = new Uint8Array(READ_BYTES);
  return {
    fill: (bytes) => {
      for (let offset = 0; offset < bytes.length; offset += zeros.length) {
        const length = Math.min(zeros.length, bytes.length - offset);
        bytes.set(cipher.update(zeros.subarray(0, length)), offset);
      }
    },
  };
}

/** Bytes drawn from a source at once: few calls, small buffers. */
const READ_BYTES = 4096;

/** Draws numbers from a source, reading it in blocks of 4096 bytes. */
export class RandomNumbers {
  readonly #source: RandomSource;
  readonly #block = new DataView(new ArrayBuffer(READ_BYTES));
  #offset = READ_BYTES;

  constructor(source: RandomSource) {
    this.#source = source;
  }

  /** 32 random bits: an integer in [0, 2^32). */
  word(): number {
    if (this.#offset === READ_BYTES) {
      this.#source.fill(new Uint8Array(this.#block.buffer));
      this.#offset = 0;
    }
    const word = this.#block.getUint32(this.#offset, true);
    this.#offset += 4;
    return word;
  }

  /** A multiple of 2^-53 in [0, 1), each as likely as the other. */
  unit(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** An integer in [0, bound), each as likely as the other. `bound`: 1 to 2^32, else RangeError. */
  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`bound is ${bound}, wanted an integer from 1 to 2^32`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % bound;
  }
}
