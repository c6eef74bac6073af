import type { ConfirmingStage, Hash } from "@chorus/aggregation";
import { Confirmed } from "./confirmed.ts";
import type { StepInstruction } from "./instruction.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** The masked update is out. */
export class Uploaded implements Stage {
  readonly #configHash: Hash;
  readonly #confirming: ConfirmingStage;

  constructor(configHash: Hash, confirming: ConfirmingStage) {
    this.#configHash = configHash;
    this.#confirming = confirming;
  }

  /** Signs the survivor set: this one and no other. */
  next(instruction: StepInstruction): Step {
    const { roundId, survivors } = wanted(instruction, "confirm-survivors");
    const revealing = this.#confirming.confirm(survivors);
    return {
      stage: new Confirmed(this.#configHash, revealing),
      answer: {
        kind: "confirm-survivors",
        roundId,
        configHash: this.#configHash,
        ack: revealing.ack,
      },
      log: { survivors: survivors.length },
    };
  }

  [Symbol.dispose](): void {
    this.#confirming[Symbol.dispose]();
  }
}
