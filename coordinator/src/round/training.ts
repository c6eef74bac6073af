import {
  KeyAdvertising,
  type ParticipantId,
  type RoundConfig,
  scaleBitsFor,
  thresholdFor,
} from "@chorus/aggregation";
import { AdvertisingKeys } from "./advertising-keys.ts";
import { Assembling } from "./assembling.ts";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import type { Instruction } from "./instruction.ts";

/** Waiting for the cohort to train. The long phase, and the one outside the masked exchange. */
export class Training extends Assembling {
  readonly phase = "training";
  readonly window = "training";

  /** With over-selection the round goes on without the slowest. */
  override get enough(): number {
    return Math.min(this.asked.size, this.facts.plan.roundPolicy.select);
  }

  instructionFor(): Instruction {
    return { kind: "train", facts: this.facts };
  }

  /** A participant has trained. Throws `wrong-model` when it trained another model. */
  trained(participantId: ParticipantId, modelHash: string): void {
    const { parentModelHash } = this.facts;
    if (modelHash !== parentModelHash)
      throw new RoundError("wrong-model", `trained ${modelHash}, wanted ${parentModelHash}`);
    this.delivered.add(participantId);
  }

  /** Ends training: training -> advertising-keys | abandoned. Fixes the configuration that everybody signs. */
  close(): AdvertisingKeys | Abandoned {
    if (!this.hasQuorum)
      return new Abandoned(
        this.facts,
        `too few trained: ${this.delivered.size} of ${this.asked.size}, wanted ${this.quorum}`,
      );
    const config = roundConfig(this.facts, this.ready);
    return new AdvertisingKeys(this.facts, config, new KeyAdvertising(config), this.left);
  }
}

function roundConfig(facts: RoundFacts, ready: readonly CohortMember[]): RoundConfig {
  const { clippingNorm, maxExamples } = facts.plan.protection;
  const cohort = ready
    .map(({ participantId, identityKey }) => ({ participantId, identityKey }))
    .sort((a, b) => (a.participantId < b.participantId ? -1 : 1));
  return {
    protocol: "SA-1",
    prg: "aes-128-ctr",
    federationId: facts.federationId,
    runId: facts.runId,
    round: facts.round,
    roundId: facts.roundId,
    planHash: facts.planHash,
    parentModelHash: facts.parentModelHash,
    cohort,
    threshold: thresholdFor(cohort.length),
    minSurvivors: facts.plan.roundPolicy.minSurvivors,
    dimension: facts.dimension,
    ringBits: 32,
    scaleBits: scaleBitsFor(cohort.length, clippingNorm),
    clippingNorm,
    maxExamples,
  };
}
