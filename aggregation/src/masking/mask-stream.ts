import type { ExchangeContext } from "./exchange-context.ts";
import { deriveKey, type SharedSecret } from "./key-agreement.ts";
import { Keystream } from "./keystream.ts";
import type { ParticipantId } from "./messages.ts";

/** A mask that is added or subtracted, as what it expands from. Prints nothing of it. */
export class MaskStream implements Disposable {
  /** Or subtracted. */
  readonly isAdded: boolean;
  readonly #keyAndCounter: Uint8Array;

  /** `keyAndCounter`: AES-128 key, then the first counter block: 16 bytes each. */
  constructor(keyAndCounter: Uint8Array, isAdded: boolean) {
    this.#keyAndCounter = keyAndCounter;
    this.isAdded = isAdded;
  }

  /** The mask's words from `firstWord` on (an integer from 0, else RangeError). */
  open(firstWord: number): Keystream {
    return new Keystream(this.#keyAndCounter, firstWord);
  }

  /** Writes what the mask expands from, which is secret. `target`: 32 bytes. */
  copySeedTo(target: Uint8Array): void {
    target.set(this.#keyAndCounter);
  }

  [Symbol.dispose](): void {
    this.#keyAndCounter.fill(0);
  }
}

/** Whether a mask is put on a vector by the participant it belongs to, or taken off a sum. */
export type MaskUse = "put-on" | "take-off";

/** The mask that only `owner` knows, from its seed of 32 bytes. */
export function selfMask(
  context: ExchangeContext,
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
  context: ExchangeContext,
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
