import type { ParticipantId } from "@chorus/aggregation";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import { Gathering } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";
import { Training } from "./training.ts";

/** Waiting for the invited participants to accept the plan. */
export class Selecting extends Gathering {
  readonly phase = "selecting";
  readonly window = "exchange";
  readonly delivered: Set<ParticipantId> = new Set();
  readonly #invited: ReadonlyMap<ParticipantId, CohortMember>;

  /** `invited`: `roundPolicy.select` times `overSelect` participants, or as many as there are. */
  constructor(facts: RoundFacts, invited: readonly CohortMember[]) {
    super(
      facts,
      invited.map(({ participantId }) => participantId),
      facts.plan.roundPolicy.quorum,
      new Set(),
    );
    this.#invited = new Map(invited.map((member) => [member.participantId, member]));
  }

  instructionFor(): Instruction {
    return { kind: "invitation", facts: this.facts };
  }

  /** Takes a participant into the cohort. Throws `wrong-plan` when it accepted another plan. */
  accept(participantId: ParticipantId, planHash: string): void {
    if (planHash !== this.facts.planHash)
      throw new RoundError("wrong-plan", `got plan ${planHash}, wanted ${this.facts.planHash}`);
    this.delivered.add(participantId);
  }

  /** Ends selection: selecting -> training | abandoned. */
  close(): Training | Abandoned {
    if (!this.hasQuorum)
      return new Abandoned(
        this.facts,
        `too few accepted: ${this.delivered.size} of ${this.asked.size} invited, wanted ${this.quorum}`,
      );
    const cohort = [...this.#invited.values()].filter((m) => this.delivered.has(m.participantId));
    return new Training(this.facts, cohort, this.left);
  }
}
