import type { ExchangeContext } from "./exchange-context.ts";
import type { CommittedUpload, ParticipantId } from "./messages.ts";

/** Who did what in a round whose collection has ended. */
export interface CollectedRound {
  readonly context: ExchangeContext;
  /** Sorted; some of the key book. */
  readonly sharers: readonly ParticipantId[];
  /** Sorted by id; of some of the sharers. */
  readonly survivors: readonly CommittedUpload[];
}
