import { bytesOfHex } from "../hex.ts";
import { configHash, type RoundConfig } from "./config.ts";
import { checkSoundConfig } from "./config-check.ts";
import { MaskingError } from "./error.ts";
import type { ParticipantId } from "./messages.ts";

interface Member {
  readonly identityKey: Uint8Array;
  readonly shareIndex: number;
}

/** A sound configuration with what every message is checked against: its hash, and the cohort by id. */
export class RoundContext {
  readonly config: RoundConfig;
  /** SHA-256 of the canonical configuration, 32 bytes. */
  readonly hash: Uint8Array;
  readonly #members: ReadonlyMap<ParticipantId, Member>;

  /** Throws {@link MaskingError} as `checkSoundConfig` does. */
  constructor(config: RoundConfig) {
    checkSoundConfig(config);
    this.config = config;
    this.hash = bytesOfHex(configHash(config));
    this.#members = new Map(
      config.cohort.map(({ participantId, identityKey }, position) => [
        participantId,
        { identityKey: bytesOfHex(identityKey), shareIndex: position + 1 },
      ]),
    );
  }

  /** The member's Ed25519 key, 32 bytes. Throws {@link MaskingError} `unknown-participant` outside the cohort. */
  identityKeyOf(id: ParticipantId): Uint8Array {
    return this.#member(id).identityKey;
  }

  /** The member's Shamir coordinate: 1 to 255. Throws {@link MaskingError} `unknown-participant` outside the cohort. */
  shareIndexOf(id: ParticipantId): number {
    return this.#member(id).shareIndex;
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
