import {
  type Confirmation,
  type Hash,
  isEncrypted,
  MaskingError,
  type ParticipantId,
  type RevealedShares,
  type RoundConfig,
  type Unmasking as UnmaskingStage,
} from "@chorus/aggregation";
import { Aggregating } from "./aggregating.ts";
import { EncryptedAggregating } from "./encrypted-aggregating.ts";
import { Abandoned } from "./ended.ts";
import { Exchange } from "./exchange.ts";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";

/** Waiting for the shares that open the sum, and nothing but the sum. */
export class Unmasking extends Exchange<UnmaskingStage> {
  readonly phase = "unmasking";
  readonly #updatesRoot: Hash;

  constructor(
    facts: RoundFacts,
    config: RoundConfig,
    confirmation: Confirmation,
    left: Departures,
  ) {
    const { updatesRoot } = confirmation;
    const stage = confirmation.close();
    const asked = stage.acks.map(({ participantId }) => participantId);
    super(facts, config, stage, asked, config.threshold, left);
    this.#updatesRoot = updatesRoot;
  }

  instructionFor(participantId: ParticipantId): Instruction {
    const acks = this.stage.acksFor(participantId);
    return { kind: "reveal", roundId: this.facts.roundId, acks };
  }

  reveal(from: ParticipantId, shares: RevealedShares): void {
    this.stage.reveal(from, shares);
  }

  /** Ends unmasking: unmasking -> aggregating | abandoned (too few shares, or shares that do not fit). */
  close(): Aggregating | EncryptedAggregating | Abandoned {
    if (!this.hasQuorum) return this.tooFew("revealed shares");
    try {
      return this.#aggregating();
    } catch (error) {
      if (error instanceof MaskingError)
        return new Abandoned(this.facts, `${error.code}: ${error.message}`);
      throw error;
    }
  }

  #aggregating(): Aggregating | EncryptedAggregating {
    const { facts, config, stage, left } = this;
    const updatesRoot = this.#updatesRoot;
    if (isEncrypted(config))
      return new EncryptedAggregating({ facts, config, stage, updatesRoot, left });
    const unmasking = stage.closeAsJob();
    const transcript = stage.transcriptOf(unmasking.words);
    return new Aggregating({ facts, unmasking, transcript, updatesRoot });
  }
}
