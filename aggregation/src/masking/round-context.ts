import { bytesOfHex } from "../hex.ts";
import { configHash, type RoundConfig } from "./config.ts";
import { checkSoundConfig } from "./config-check.ts";
import { MaskingError } from "./error.ts";
import { type Guard, strictGuard } from "./guard.ts";
import type { ParticipantId } from "./messages.ts";

/** What a message's signature is bound to: a hash, and the keys of those who may sign. */
export interface SigningContext {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** What becomes of signatures that do not hold. */
  readonly guard: Guard;
  /** The member's Ed25519 key, 32 bytes. Throws {@link MaskingError} `unknown-participant` outside the cohort. */
  identityKeyOf(id: ParticipantId): Uint8Array;
}

interface Member {
  readonly identityKey: Uint8Array;
  readonly nonceCommitment: Uint8Array;
}

/** A sound configuration with what advertisements are checked against: its hash, and the cohort by id. */
export class RoundContext implements SigningContext {
  readonly config: RoundConfig;
  /** SHA-256 of the canonical configuration, 32 bytes. */
  readonly hash: Uint8Array;
  readonly guard: Guard;
  readonly #members: ReadonlyMap<ParticipantId, Member>;

  /** Throws {@link MaskingError} as `checkSoundConfig` does. */
  constructor(config: RoundConfig, guard: Guard = strictGuard) {
    checkSoundConfig(config, guard);
    this.config = config;
    this.guard = guard;
    this.hash = bytesOfHex(configHash(config));
    this.#members = new Map(
      config.cohort.map(({ participantId, identityKey, nonceCommitment }) => [
        participantId,
        {
          identityKey: bytesOfHex(identityKey),
          nonceCommitment: bytesOfHex(nonceCommitment),
        },
      ]),
    );
  }

  identityKeyOf(id: ParticipantId): Uint8Array {
    return this.#member(id).identityKey;
  }

  /** What the member is committed to open, 32 bytes. Throws {@link MaskingError} `unknown-participant`. */
  nonceCommitmentOf(id: ParticipantId): Uint8Array {
    return this.#member(id).nonceCommitment;
  }

  #member(id: ParticipantId): Member {
    const member = this.#members.get(id);
    if (member === undefined) {
      throw new MaskingError("unknown-participant", `${id} is not in the cohort`, {
        participantId: id,
      });
    }
    return member;
  }
}
