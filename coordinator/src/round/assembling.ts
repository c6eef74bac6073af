import type { ParticipantId } from "@chorus/aggregation";
import type { CohortMember, RoundFacts } from "./facts.ts";
import { type Departures, Gathering } from "./gathering.ts";

/** A phase before the masked exchange: the cohort is not fixed yet, and whoever leaves has delivered nothing. */
export abstract class Assembling extends Gathering {
  readonly delivered: Set<ParticipantId> = new Set();
  readonly #members: readonly CohortMember[];

  constructor(facts: RoundFacts, members: readonly CohortMember[], left: Departures) {
    const asked = members.map(({ participantId }) => participantId);
    super(facts, asked, facts.plan.roundPolicy.quorum, left);
    this.#members = members;
  }

  override leave(participantId: ParticipantId, reason: string): readonly ParticipantId[] {
    this.delivered.delete(participantId);
    return super.leave(participantId, reason);
  }

  /** Who delivered and is still here. */
  protected get ready(): readonly CohortMember[] {
    return this.#members.filter(({ participantId }) => this.delivered.has(participantId));
  }
}
