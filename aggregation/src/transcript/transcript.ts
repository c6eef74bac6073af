import type { EncryptedRoundConfig, MaskedRoundConfig, RoundConfig } from "../masking/config.ts";
import type {
  CommittedUpload,
  KeyAdvertisement,
  ModelReport,
  SurvivorAck,
} from "../masking/messages.ts";

/** All that shows how a round's sum came about. Plain data. */
export type RoundTranscript = MaskedTranscript | EncryptedTranscript;

/** Whether a transcript is of an encrypted round. */
export function isEncryptedTranscript(
  transcript: RoundTranscript,
): transcript is EncryptedTranscript {
  return "encryptedSum" in transcript;
}

/** What transcripts of both kinds of rounds have: who took part, and what they signed. */
export interface SignedRound {
  readonly config: RoundConfig;
  /** Sorted by id. With the configuration it makes the exchange hash, which the signatures below cover. */
  readonly keyBook: readonly KeyAdvertisement[];
  /** Sorted by id; some of the key book. */
  readonly survivors: readonly CommittedUpload[];
  /** Sorted by id; of survivors. */
  readonly acks: readonly SurvivorAck[];
}

/**
 * A round's sum for anybody to verify, and nothing of one participant's update: its commitment hides it under the
 * assumptions that `CommitmentScheme` names.
 */
export interface MaskedTranscript extends SignedRound {
  readonly config: MaskedRoundConfig;
  /** The sum of the survivors' encoded updates in Z_2^32. Shape `[contentLength(dimension)]`. */
  readonly sum: Uint32Array;
  /** The sum of their commitments' randomness in Z_2^32. Shape `[RANDOMNESS_WORDS]`. */
  readonly randomness: Uint32Array;
}

/** A round's sum for its participants to open and verify. Anybody else sees who signed, and what survivors made of it. */
export interface EncryptedTranscript extends SignedRound {
  readonly config: EncryptedRoundConfig;
  /** The sum of the survivors' values under the round's key, `encryptedSumBytes`. */
  readonly encryptedSum: Uint8Array;
  /** Empty while the sum is being opened, then those that agree. Sorted by id; of survivors. */
  readonly reports: readonly ModelReport[];
}
