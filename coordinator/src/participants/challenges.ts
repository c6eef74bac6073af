import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { ParticipantId } from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import { AccessError } from "./error.ts";

const lifetimeMs = 60_000;
/** Bytes of a challenge: serial number, milliseconds of the clock that never jumps (8 each, big-endian), tag. */
const serialBytes = 8;
const headBytes = 16;
const tagBytes = 16;

/**
 * Check-in challenges, recognised by an authentication tag instead of being remembered: a stranger who asks for millions
 * takes no memory and nobody's place. Single use: each is numbered, and a participant that has used one uses later ones
 * only. One number is kept for each participant that has ever checked in here; strangers leave none.
 */
export class Challenges {
  readonly #clock: Clock;
  /** Of this process: a restart forgets all challenges. */
  readonly #key = randomBytes(32);
  readonly #lastUsed = new Map<ParticipantId, bigint>();
  #serial = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 32 bytes for this key to sign within a minute. */
  make(identityKey: Uint8Array): Uint8Array {
    const head = Buffer.alloc(headBytes);
    head.writeBigUInt64BE(++this.#serial);
    head.writeBigUInt64BE(BigInt(this.#clock.monotonicMs()), serialBytes);
    return Buffer.concat([head, this.#tag(head, identityKey)]);
  }

  /** Throws {@link AccessError} `bad-challenge` unless it is one of ours, for this key, and fresh. */
  check(challenge: Uint8Array, identityKey: Uint8Array): void {
    const head = Buffer.from(challenge.subarray(0, headBytes));
    const tag = challenge.subarray(headBytes);
    if (tag.length !== tagBytes || !timingSafeEqual(tag, this.#tag(head, identityKey)))
      throw refusal();
    const ageMs = this.#clock.monotonicMs() - Number(head.readBigUInt64BE(serialBytes));
    if (ageMs > lifetimeMs) throw refusal();
  }

  /** Marks a checked challenge as used. Throws `bad-challenge` when this participant has used it or a later one. */
  use(challenge: Uint8Array, participantId: ParticipantId): void {
    const serial = Buffer.from(challenge).readBigUInt64BE();
    const lastUsed = this.#lastUsed.get(participantId);
    if (lastUsed !== undefined && serial <= lastUsed) throw refusal();
    this.#lastUsed.set(participantId, serial);
  }

  #tag(head: Uint8Array, identityKey: Uint8Array): Buffer {
    const hmac = createHmac("sha256", this.#key).update(head).update(identityKey);
    return hmac.digest().subarray(0, tagBytes);
  }
}

function refusal(): AccessError {
  return new AccessError("bad-challenge", "the challenge is not one of ours, was used, or expired");
}
