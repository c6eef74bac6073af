import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { bytesToHex, hexToBytes, participantIdOf, verifySignature } from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import { type ParticipantRecord, type Store, StoreError } from "../store/store.ts";
import { AccessError } from "./error.ts";
import type { Session, Sessions } from "./sessions.ts";

const challengeLifetimeMs = 60_000;
/** Challenges that may be open at once: bounds the memory that strangers can take. */
const maxOpenChallenges = 10_000;
const context = Buffer.from("chorus/check-in/v1");

/** What a participant brings to check in. */
export interface CheckIn {
  /** Ed25519, 32 bytes. */
  readonly identityKey: Uint8Array;
  readonly name: string;
  readonly challenge: Uint8Array;
  readonly signature: Uint8Array;
  /** Empty once enrolled. */
  readonly invitation: string;
  readonly backend: string;
  readonly softwareVersion: string;
}

/** Lets participants in: a fresh challenge signed with the identity key, and at the first time an invitation. */
export class Reception {
  readonly #invitation: string;
  readonly #store: Store;
  readonly #sessions: Sessions;
  readonly #clock: Clock;
  readonly #challenges = new Map<string, { identityKey: string; expiresAtMs: number }>();

  constructor(
    options: { readonly invitation: string },
    dependencies: { readonly store: Store; readonly sessions: Sessions; readonly clock: Clock },
  ) {
    this.#invitation = options.invitation;
    this.#store = dependencies.store;
    this.#sessions = dependencies.sessions;
    this.#clock = dependencies.clock;
  }

  /** 32 fresh bytes for this key to sign within a minute. Throws `too-many-challenges`. */
  challenge(identityKey: Uint8Array): Uint8Array {
    this.#dropExpired();
    if (this.#challenges.size >= maxOpenChallenges)
      throw new AccessError(
        "too-many-challenges",
        "too many open challenges, try again in a minute",
      );
    const challenge = randomBytes(32);
    this.#challenges.set(bytesToHex(challenge, 32), {
      identityKey: bytesToHex(identityKey, 32),
      expiresAtMs: this.#clock.now() + challengeLifetimeMs,
    });
    return challenge;
  }

  /** Opens a session. Throws {@link AccessError}. */
  async checkIn(request: CheckIn): Promise<{ token: string; session: Session }> {
    this.#checkProof(request);
    const identityKey = bytesToHex(request.identityKey, 32);
    const participantId = participantIdOf(request.identityKey);
    const seen = {
      lastSeenMs: this.#clock.now(),
      backend: request.backend.slice(0, 64),
      softwareVersion: request.softwareVersion.slice(0, 64),
    };
    const known = await this.#store.participant(participantId);
    if (known === undefined) await this.#enrol(participantId, identityKey, request, seen);
    else await this.#store.touchParticipant(participantId, seen);
    const session = { participantId, name: known?.name ?? request.name, identityKey };
    return { token: this.#sessions.open(session), session };
  }

  #checkProof({ identityKey, challenge, signature }: CheckIn): void {
    const key = bytesToHex(challenge, 32);
    const open = this.#challenges.get(key);
    this.#challenges.delete(key);
    if (open?.identityKey !== bytesToHex(identityKey, 32) || open.expiresAtMs < this.#clock.now())
      throw new AccessError(
        "bad-challenge",
        "the challenge is not one of ours, was used, or expired",
      );
    const signed = Buffer.concat([
      context,
      hexToBytes(this.#store.federation.federationId, 32),
      challenge,
    ]);
    if (!verifySignature(identityKey, signed, signature))
      throw new AccessError("bad-signature", "the signature over the challenge does not verify");
  }

  async #enrol(
    participantId: string,
    identityKey: string,
    { name, invitation }: CheckIn,
    seen: Pick<ParticipantRecord, "lastSeenMs" | "backend" | "softwareVersion">,
  ): Promise<void> {
    if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u.test(name))
      throw new AccessError(
        "bad-name",
        "a name has 1 to 64 letters, digits, spaces, dots, dashes or underscores",
      );
    if (invitation === "")
      throw new AccessError(
        "not-enrolled",
        "this participant is not enrolled: ask the coordinator for an invitation and pass it once",
      );
    if (!isSame(invitation, this.#invitation))
      throw new AccessError("bad-invitation", "the invitation is not this federation's");
    try {
      const enrolledAtMs = seen.lastSeenMs;
      await this.#store.enrol({ participantId, name, identityKey, enrolledAtMs, ...seen });
    } catch (error) {
      if (error instanceof StoreError && error.code === "duplicate")
        throw new AccessError("name-taken", `the name ${name} is taken by another participant`);
      throw error;
    }
  }

  #dropExpired(): void {
    const nowMs = this.#clock.now();
    for (const [challenge, { expiresAtMs }] of this.#challenges) {
      if (expiresAtMs >= nowMs) return;
      this.#challenges.delete(challenge);
    }
  }
}

/** Compares two secrets in constant time. */
export function isSame(got: string, wanted: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(got), hash(wanted));
}
