import type { Confirmation, RoundConfig, SurvivorAck } from "@chorus/aggregation";
import type { Abandoned } from "./ended.ts";
import { Exchange } from "./exchange.ts";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";
import { Unmasking } from "./unmasking.ts";

/** Waiting for the survivors to sign one and the same survivor set. */
export class ConfirmingSurvivors extends Exchange<Confirmation> {
  readonly phase = "confirming-survivors";

  constructor(facts: RoundFacts, config: RoundConfig, stage: Confirmation, left: Departures) {
    const asked = stage.survivors.map(({ participantId }) => participantId);
    super(facts, config, stage, asked, config.threshold, left);
  }

  instructionFor(): Instruction {
    return {
      kind: "confirm-survivors",
      roundId: this.facts.roundId,
      survivors: this.stage.survivors,
    };
  }

  confirm(ack: SurvivorAck): void {
    this.stage.confirm(ack);
  }

  /** Ends confirmation: confirming-survivors -> unmasking | abandoned. */
  close(): Unmasking | Abandoned {
    if (!this.hasQuorum) return this.tooFew("confirmed the survivors");
    return new Unmasking(this.facts, this.config, this.stage, this.left);
  }
}
