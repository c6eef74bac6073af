import type { ParticipantId } from "@chorus/aggregation";
import { Assembling } from "./assembling.ts";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { Instruction } from "./instruction.ts";
import { Training } from "./training.ts";

/** Waiting for the invited participants to accept the plan: `roundPolicy.select` times `overSelect`, or as many as there are. */
export class Selecting extends Assembling {
  readonly phase = "selecting";
  readonly window = "exchange";

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
    return new Training(this.facts, this.ready, this.left);
  }
}
