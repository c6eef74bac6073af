import type { ConfirmingStage, Hash } from "@chorus/aggregation";
import { Confirmed } from "./confirmed.ts";
import type { RestOfRound } from "./hidden-update.ts";
import type { StepInstruction } from "./instruction.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** The hidden update is out. */
export class Uploaded implements Stage {
  readonly #configHash: Hash;
  readonly #confirming: ConfirmingStage;
  readonly #rest: RestOfRound;

  constructor(configHash: Hash, confirming: ConfirmingStage, rest: RestOfRound) {
    this.#configHash = configHash;
    this.#confirming = confirming;
    this.#rest = rest;
  }

  /** Signs the survivor set: this one and no other. What comes of it will have to be verified. */
  next(instruction: StepInstruction): Step {
    const { roundId, survivors } = wanted(instruction, "confirm-survivors");
    const configHash = this.#configHash;
    const revealing = this.#confirming.confirm(survivors);
    const { ack } = revealing;
    return {
      stage: new Confirmed(configHash, revealing, this.#rest.begin(ack)),
      answer: { kind: "confirm-survivors", roundId, configHash, ack },
      log: { survivors: survivors.length },
    };
  }

  [Symbol.dispose](): void {
    this.#confirming[Symbol.dispose]();
    this.#rest[Symbol.dispose]();
  }
}
