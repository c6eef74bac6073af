import type { KeySharing, ParticipantId, RoundConfig, SealedShare } from "@chorus/aggregation";
import { Collecting } from "./collecting.ts";
import type { Abandoned } from "./ended.ts";
import { Exchange, exchangeQuorum } from "./exchange.ts";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";

/** Waiting for everybody's sealed shares. */
export class SharingKeys extends Exchange<KeySharing> {
  readonly phase = "sharing-keys";

  constructor(facts: RoundFacts, config: RoundConfig, stage: KeySharing, left: Departures) {
    const asked = stage.keyBook.map(({ participantId }) => participantId);
    super(facts, config, stage, asked, exchangeQuorum(config), left);
  }

  instructionFor(): Instruction {
    return { kind: "share-keys", roundId: this.facts.roundId, keyBook: this.stage.keyBook };
  }

  share(from: ParticipantId, sealedShares: readonly SealedShare[]): void {
    this.stage.share(from, sealedShares);
  }

  /** Ends sharing: sharing-keys -> collecting | abandoned. */
  close(): Collecting | Abandoned {
    if (!this.hasQuorum) return this.tooFew("shared keys");
    return new Collecting(this.facts, this.config, this.stage.close(), this.left);
  }
}
