import { type Cipheriv, createCipheriv } from "node:crypto";
import { addRing, subtractRing, wordsOfBytes } from "../vector.ts";
import { deriveKey, type SharedSecret } from "./key-agreement.ts";
import type { ParticipantId } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";

/** A mask that is added or subtracted, as what it expands from. Prints nothing of it. */
export class MaskStream implements Disposable {
  readonly #keyAndCounter: Uint8Array;
  readonly #isAdded: boolean;

  /** `keyAndCounter`: AES-128 key, then the first counter block: 16 bytes each. */
  constructor(keyAndCounter: Uint8Array, isAdded: boolean) {
    this.#keyAndCounter = keyAndCounter;
    this.#isAdded = isAdded;
  }

  /** Expands the mask from its beginning, into whatever vector comes. */
  open(): OpenMask {
    const key = this.#keyAndCounter.subarray(0, 16);
    const counter = this.#keyAndCounter.subarray(16);
    const cipher = createCipheriv("aes-128-ctr", key, counter);
    return new OpenMask(cipher, this.#isAdded ? addRing : subtractRing);
  }

  [Symbol.dispose](): void {
    this.#keyAndCounter.fill(0);
  }
}

/** A mask in the middle of its expansion. */
class OpenMask {
  readonly #cipher: Cipheriv;
  readonly #apply: typeof addRing;

  constructor(cipher: Cipheriv, apply: typeof addRing) {
    this.#cipher = cipher;
    this.#apply = apply;
  }

  /** Applies the next words of the mask to `block`, in place. `zeros`: as many bytes. */
  applyTo(block: Uint32Array, zeros: Uint8Array): void {
    this.#apply(block, wordsOfBytes(this.#cipher.update(zeros)));
  }
}

/** Measured (EPYC, Node 24): 1.6 GB/s of mask at 128 KiB, 1.4 at 32 KiB, 0.9 when whole vectors are expanded. */
const BLOCK_WORDS = 32_768;

/** Ciphers held open at once: bounds memory for large cohorts. */
const STREAMS_AT_ONCE = 64;

/** Masks that are applied together, once. Prints nothing of them. */
export class MaskSet implements Disposable {
  readonly #masks: readonly MaskStream[];

  constructor(masks: readonly MaskStream[]) {
    this.#masks = masks;
  }

  /** Adds or subtracts every mask in Z_2^32, in place, in memory that does not depend on the vector's length. */
  applyTo(vector: Uint32Array): void {
    const zeros = new Uint8Array(BLOCK_WORDS * 4);
    for (let first = 0; first < this.#masks.length; first += STREAMS_AT_ONCE) {
      const open = this.#masks.slice(first, first + STREAMS_AT_ONCE).map((mask) => mask.open());
      for (let offset = 0; offset < vector.length; offset += BLOCK_WORDS) {
        const block = vector.subarray(offset, offset + BLOCK_WORDS);
        for (const mask of open) mask.applyTo(block, zeros.subarray(0, block.byteLength));
      }
    }
  }

  [Symbol.dispose](): void {
    for (const mask of this.#masks) mask[Symbol.dispose]();
  }
}

/** Whether a mask is put on a vector by the participant it belongs to, or taken off a sum. */
export type MaskUse = "put-on" | "take-off";

/** The mask that only `owner` knows, from its seed of 32 bytes. */
export function selfMask(
  context: RoundContext,
  seed: Uint8Array,
  owner: ParticipantId,
  use: MaskUse,
): MaskStream {
  return new MaskStream(deriveKey(seed, context.hash, "self-mask", [owner]), use === "put-on");
}

/**
 * The mask between `owner` and `peer` as it stands in the owner's vector: the participant with the lower id adds it, the
 * other subtracts it, so that it cancels in the sum of both.
 */
export function pairwiseMask(
  context: RoundContext,
  secret: SharedSecret,
  owner: ParticipantId,
  peer: ParticipantId,
  use: MaskUse,
): MaskStream {
  const isLower = owner < peer;
  const ids = isLower ? [owner, peer] : [peer, owner];
  const keyAndCounter = secret.derive(context.hash, "pairwise-mask", ids);
  return new MaskStream(keyAndCounter, isLower === (use === "put-on"));
}
