import type { Hash, RevealingStage } from "@chorus/aggregation";
import type { StepInstruction } from "./instruction.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** The survivor set is signed. */
export class Confirmed implements Stage {
  readonly #configHash: Hash;
  readonly #revealing: RevealingStage;
  readonly #after: Stage;

  /** `after`: the stage after revealing. */
  constructor(configHash: Hash, revealing: RevealingStage, after: Stage) {
    this.#configHash = configHash;
    this.#revealing = revealing;
    this.#after = after;
  }

  /** Reveals what the sum of the survivors' updates needs, once. */
  next(instruction: StepInstruction): Step {
    const { roundId, acks } = wanted(instruction, "reveal");
    const shares = this.#revealing.reveal(acks);
    this.#revealing[Symbol.dispose]();
    return {
      stage: this.#after,
      answer: { kind: "reveal-shares", roundId, configHash: this.#configHash, shares },
      log: {
        selfMaskShares: shares.selfMaskShares.length,
        maskKeyShares: shares.maskKeyShares.length,
      },
    };
  }

  [Symbol.dispose](): void {
    this.#revealing[Symbol.dispose]();
    this.#after[Symbol.dispose]();
  }
}
