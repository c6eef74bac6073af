import type { RoundConfig } from "../masking/config.ts";
import type { CommittedUpload, KeyAdvertisement, SurvivorAck } from "../masking/messages.ts";

/**
 * All that shows how a round's sum came about, for anybody to verify, and nothing of one participant's update: its
 * commitment hides it under the assumptions that `CommitmentScheme` names. Plain data.
 */
export interface RoundTranscript {
  readonly config: RoundConfig;
  /** Sorted by id. With the configuration it makes the exchange hash, which the signatures below cover. */
  readonly keyBook: readonly KeyAdvertisement[];
  /** Sorted by id; some of the key book. */
  readonly survivors: readonly CommittedUpload[];
  /** Sorted by id; of survivors. */
  readonly acks: readonly SurvivorAck[];
  /** The sum of the survivors' encoded updates in Z_2^32. Shape `[contentLength(dimension)]`. */
  readonly sum: Uint32Array;
  /** The sum of their commitments' randomness in Z_2^32. Shape `[RANDOMNESS_WORDS]`. */
  readonly randomness: Uint32Array;
}
