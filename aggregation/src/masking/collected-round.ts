import type { KeyAdvertisement, ParticipantId, UploadCommitment } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";

/** Who did what in a round whose collection has ended. */
export interface CollectedRound {
  readonly context: RoundContext;
  /** Sorted by id. */
  readonly keyBook: readonly KeyAdvertisement[];
  /** Sorted; some of the key book. */
  readonly sharers: readonly ParticipantId[];
  /** Sorted by id; some of the sharers. */
  readonly survivors: readonly UploadCommitment[];
}
