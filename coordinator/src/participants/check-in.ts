import { createHash, timingSafeEqual } from "node:crypto";
import {
  bytesToHex,
  checkInStatement,
  type ParticipantId,
  participantIdOf,
  verifySignature,
} from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import { type ParticipantRecord, type Store, StoreError } from "../store/store.ts";
import { beginningOf } from "../text.ts";
import { Challenges } from "./challenges.ts";
import { AccessError } from "./error.ts";
import type { Session, Sessions } from "./sessions.ts";

/** Longest text that a participant may say of itself, in UTF-16 units. */
const maxCapability = 64;

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
  readonly #challenges: Challenges;

  constructor(
    options: { readonly invitation: string },
    dependencies: { readonly store: Store; readonly sessions: Sessions; readonly clock: Clock },
  ) {
    this.#invitation = options.invitation;
    this.#store = dependencies.store;
    this.#sessions = dependencies.sessions;
    this.#clock = dependencies.clock;
    this.#challenges = new Challenges(dependencies.clock);
  }

  /** 32 bytes for this key to sign within a minute. Keeps nothing: any number may be asked for. */
  challenge(identityKey: Uint8Array): Uint8Array {
    return this.#challenges.make(identityKey);
  }

  /**
   * Opens a session. Throws {@link AccessError}; `identity-in-use` while another connection with this identity follows:
   * the one that is here stays, so that two programs with one identity cannot put each other out in turn.
   */
  async checkIn(request: CheckIn): Promise<{ token: string; session: Session }> {
    this.#checkProof(request);
    const identityKey = bytesToHex(request.identityKey, 32);
    const participantId = participantIdOf(request.identityKey);
    const seen = {
      lastSeenMs: this.#clock.now(),
      backend: beginningOf(request.backend, maxCapability),
      softwareVersion: beginningOf(request.softwareVersion, maxCapability),
    };
    const known = await this.#store.participant(participantId);
    if (known === undefined) await this.#enrol(participantId, identityKey, request, seen);
    else await this.#store.touchParticipant(participantId, seen);
    // From here to the end nothing waits: of two check-ins with one challenge, one is too late.
    this.#challenges.use(request.challenge, participantId);
    this.#checkFree(participantId, known?.name ?? request.name);
    const session = { participantId, name: known?.name ?? request.name, identityKey };
    return { token: this.#sessions.open(session), session };
  }

  #checkProof({ identityKey, challenge, signature }: CheckIn): void {
    this.#challenges.check(challenge, identityKey);
    const signed = checkInStatement(this.#store.federation.federationId, challenge);
    if (!verifySignature(identityKey, signed, signature))
      throw new AccessError("bad-signature", "the signature over the challenge does not verify");
  }

  #checkFree(participantId: ParticipantId, name: string): void {
    if (this.#sessions.isConnected(participantId))
      throw new AccessError(
        "identity-in-use",
        `the identity of ${name} is in use elsewhere: only one program at a time can take part with it`,
      );
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
}

/** Compares two secrets in constant time. */
export function isSame(got: string, wanted: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(got), hash(wanted));
}
