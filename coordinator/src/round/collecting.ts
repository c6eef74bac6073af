import type { Collection, CommittedUpload, ParticipantId, RoundConfig } from "@chorus/aggregation";
import { ConfirmingSurvivors } from "./confirming-survivors.ts";
import type { Abandoned } from "./ended.ts";
import { Exchange, exchangeQuorum } from "./exchange.ts";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";

/** Summing masked updates as they come, or having them added where they are encrypted. */
export class Collecting extends Exchange<Collection> {
  readonly phase = "collecting";

  constructor(facts: RoundFacts, config: RoundConfig, stage: Collection, left: Departures) {
    super(facts, config, stage, stage.sharers, exchangeQuorum(config), left);
  }

  instructionFor(participantId: ParticipantId): Instruction {
    return {
      kind: "upload",
      roundId: this.facts.roundId,
      sharers: this.stage.sharers,
      sealedShares: this.stage.sealedSharesFor(participantId),
    };
  }

  /** Adds one masked update, shape `[vectorLength(dimension)]`, in Z_2^32. */
  submit(committed: CommittedUpload, masked: Uint32Array): void {
    this.stage.submit(committed, masked);
  }

  /**
   * Takes one encrypted update, `ciphertextBytes`, which is added elsewhere: whoever calls has had it checked, and has it
   * added at once.
   */
  accept(committed: CommittedUpload, ciphertexts: Uint8Array): void {
    this.stage.accept(committed, ciphertexts);
  }

  /** Ends collection: collecting -> confirming-survivors | abandoned. */
  close(): ConfirmingSurvivors | Abandoned {
    if (!this.hasQuorum) return this.tooFew("delivered an update");
    return new ConfirmingSurvivors(this.facts, this.config, this.stage.close(), this.left);
  }
}
