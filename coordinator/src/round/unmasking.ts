import {
  type Confirmation,
  type Hash,
  MaskingError,
  type ParticipantId,
  type RevealedShares,
  type RoundConfig,
  type Unmasking as UnmaskingStage,
} from "@chorus/aggregation";
import { Aggregating } from "./aggregating.ts";
import { Abandoned } from "./ended.ts";
import { Exchange } from "./exchange.ts";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";

/** Waiting for the shares that open the sum, and nothing but the sum. */
export class Unmasking extends Exchange<UnmaskingStage> {
  readonly phase = "unmasking";
  readonly #survivors: ReadonlySet<ParticipantId>;
  readonly #updatesRoot: Hash;

  constructor(
    facts: RoundFacts,
    config: RoundConfig,
    confirmation: Confirmation,
    left: Departures,
  ) {
    const { survivors, updatesRoot } = confirmation;
    const stage = confirmation.close();
    const asked = stage.acks.map(({ participantId }) => participantId);
    super(facts, config, stage, asked, config.threshold, left);
    this.#survivors = new Set(survivors.map(({ participantId }) => participantId));
    this.#updatesRoot = updatesRoot;
  }

  instructionFor(): Instruction {
    return { kind: "reveal", roundId: this.facts.roundId, acks: this.stage.acks };
  }

  reveal(from: ParticipantId, shares: RevealedShares): void {
    this.stage.reveal(from, shares);
  }

  /** Ends unmasking: unmasking -> aggregating | abandoned (too few shares, or shares that do not fit). */
  close(): Aggregating | Abandoned {
    if (!this.hasQuorum) return this.tooFew("revealed shares");
    try {
      return new Aggregating({
        facts: this.facts,
        config: this.config,
        sum: this.stage.close(),
        survivors: this.#survivors,
        updatesRoot: this.#updatesRoot,
      });
    } catch (error) {
      if (error instanceof MaskingError)
        return new Abandoned(this.facts, `${error.code}: ${error.message}`);
      throw error;
    }
  }
}
