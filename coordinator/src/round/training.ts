import {
  KeyAdvertising,
  type ParticipantId,
  type RoundConfig,
  scaleBitsFor,
  thresholdFor,
} from "@chorus/aggregation";
import { AdvertisingKeys } from "./advertising-keys.ts";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import { Gathering } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";

/** Waiting for the cohort to train. The long phase, and the one outside the masked exchange. */
export class Training extends Gathering {
  readonly phase = "training";
  readonly window = "training";
  readonly delivered: Set<ParticipantId> = new Set();
  readonly #cohort: ReadonlyMap<ParticipantId, CohortMember>;

  constructor(facts: RoundFacts, cohort: readonly CohortMember[], left: Set<ParticipantId>) {
    super(
      facts,
      cohort.map(({ participantId }) => participantId),
      facts.plan.roundPolicy.quorum,
      left,
    );
    this.#cohort = new Map(cohort.map((member) => [member.participantId, member]));
  }

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
    const ready = [...this.#cohort.values()].filter(
      ({ participantId }) => this.delivered.has(participantId) && !this.left.has(participantId),
    );
    if (ready.length < this.quorum)
      return new Abandoned(
        this.facts,
        `too few trained: ${ready.length} of ${this.asked.size}, wanted ${this.quorum}`,
      );
    const config = roundConfig(this.facts, ready);
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
