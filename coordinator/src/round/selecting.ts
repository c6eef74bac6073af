import type { ParticipantId } from "@chorus/aggregation";
import { checkModelRequest, type ModelRequest } from "@chorus/aggregation/he";
import { Assembling } from "./assembling.ts";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { Instruction } from "./instruction.ts";
import { bindingOf, ModelHandover } from "./model-handover.ts";
import { Training } from "./training.ts";

/** Waiting for the invited participants to accept the plan: `roundPolicy.select` times `overSelect`, or as many as there are. */
export class Selecting extends Assembling {
  readonly phase = "selecting";
  readonly window = "exchange";
  /** Of those who accepted without having the model. */
  readonly #requests = new Map<ParticipantId, ModelRequest>();

  instructionFor(): Instruction {
    return { kind: "invitation", facts: this.facts };
  }

  /**
   * Takes a participant into the cohort; `request`: where it lacks the model. Throws {@link RoundError} `wrong-plan` when it
   * accepted another plan; `unwanted-request` where the model is to be had without asking; what `checkModelRequest` throws.
   */
  accept(participantId: ParticipantId, planHash: string, request?: ModelRequest): void {
    if (planHash !== this.facts.planHash)
      throw new RoundError("wrong-plan", `got plan ${planHash}, wanted ${this.facts.planHash}`);
    if (request !== undefined) {
      this.#checkRequest(request);
      this.#requests.set(participantId, request);
    }
    this.delivered.add(participantId);
  }

  /** Ends selection: selecting -> training | abandoned. */
  close(): Training | Abandoned {
    const { facts, ready, left } = this;
    if (!this.hasQuorum)
      return new Abandoned(
        facts,
        `too few accepted: ${this.delivered.size} of ${this.asked.size} invited, wanted ${this.quorum}`,
      );
    const asking = ready.filter(({ participantId }) => this.#requests.has(participantId));
    if (asking.length === ready.length)
      return new Abandoned(
        facts,
        `nobody has the model of round ${facts.round - 1}: all ${ready.length} that accepted asked for it; restore the state directory of one that had it, or stop the run`,
      );
    const requests = new Map(
      [...this.#requests].filter(([id]) =>
        asking.some(({ participantId }) => participantId === id),
      ),
    );
    return new Training(facts, ready, left, new ModelHandover(facts, ready, requests, left));
  }

  #checkRequest(request: ModelRequest): void {
    const { round, plan } = this.facts;
    if (plan.protection.kind !== "he" || round === 1)
      throw new RoundError(
        "unwanted-request",
        "the model of this round is no secret among participants: it is not handed over",
      );
    checkModelRequest(bindingOf(this.facts), request);
  }
}
