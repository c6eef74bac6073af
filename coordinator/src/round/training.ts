import {
  type Hash,
  KeyAdvertising,
  neighbourhoodFor,
  type ParticipantId,
  type RoundConfig,
  scaleBitsFor,
} from "@chorus/aggregation";
import { AdvertisingKeys } from "./advertising-keys.ts";
import { Assembling } from "./assembling.ts";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { Instruction } from "./instruction.ts";

/** Waiting for the cohort to train. The long phase, and the one outside the masked exchange. */
export class Training extends Assembling {
  readonly phase = "training";
  readonly window = "training";
  /** What those who have trained committed to for the masking graph's seed. */
  readonly #nonceCommitments = new Map<ParticipantId, Hash>();

  /** With over-selection the round goes on without the slowest. */
  override get enough(): number {
    return Math.min(this.asked.size, this.facts.plan.roundPolicy.select);
  }

  instructionFor(): Instruction {
    return { kind: "train", facts: this.facts };
  }

  /**
   * A participant has trained; `nonceCommitment`: to its nonce for the masking graph. Throws `wrong-model` when it trained
   * another model.
   */
  trained(participantId: ParticipantId, modelHash: Hash, nonceCommitment: Hash): void {
    const { parentModelHash } = this.facts;
    if (modelHash !== parentModelHash)
      throw new RoundError("wrong-model", `trained ${modelHash}, wanted ${parentModelHash}`);
    this.#nonceCommitments.set(participantId, nonceCommitment);
    this.delivered.add(participantId);
  }

  /** Ends training: training -> advertising-keys | abandoned. Fixes the configuration that everybody signs. */
  close(): AdvertisingKeys | Abandoned {
    if (!this.hasQuorum)
      return new Abandoned(
        this.facts,
        `too few trained: ${this.delivered.size} of ${this.asked.size}, wanted ${this.quorum}`,
      );
    const config = this.#config();
    return new AdvertisingKeys(this.facts, config, new KeyAdvertising(config), this.left);
  }

  #config(): RoundConfig {
    const { facts } = this;
    const { clippingNorm, maxExamples } = facts.plan.protection;
    const cohort = this.ready
      .map(({ participantId, identityKey }) => {
        const nonceCommitment = this.#nonceCommitments.get(participantId) ?? "";
        return { participantId, identityKey, nonceCommitment };
      })
      .sort((a, b) => (a.participantId < b.participantId ? -1 : 1));
    return {
      protocol: "SA-1",
      prg: "aes-128-ctr",
      commitment: "ring-sis-v1",
      federationId: facts.federationId,
      runId: facts.runId,
      round: facts.round,
      roundId: facts.roundId,
      planHash: facts.planHash,
      parentModelHash: facts.parentModelHash,
      cohort,
      ...neighbourhoodFor(cohort.length),
      minSurvivors: facts.plan.roundPolicy.minSurvivors,
      dimension: facts.dimension,
      ringBits: 32,
      scaleBits: scaleBitsFor(cohort.length, clippingNorm),
      clippingNorm,
      maxExamples,
    };
  }
}
