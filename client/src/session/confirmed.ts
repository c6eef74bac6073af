import type { Hash, RevealingStage } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { StepInstruction } from "./instruction.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** The survivor set is signed. */
export class Confirmed implements Stage {
  readonly #configHash: Hash;
  readonly #revealing: RevealingStage;

  constructor(configHash: Hash, revealing: RevealingStage) {
    this.#configHash = configHash;
    this.#revealing = revealing;
  }

  /** Reveals what the sum of the survivors' updates needs, once. */
  next(instruction: StepInstruction): Step {
    const { roundId, acks } = wanted(instruction, "reveal");
    const shares = this.#revealing.reveal(acks);
    this.#revealing[Symbol.dispose]();
    return {
      stage: new Revealed(),
      answer: { kind: "reveal-shares", roundId, configHash: this.#configHash, shares },
      log: {
        selfMaskShares: shares.selfMaskShares.length,
        maskKeyShares: shares.maskKeyShares.length,
      },
    };
  }

  [Symbol.dispose](): void {
    this.#revealing[Symbol.dispose]();
  }
}

/** The participant's part is done; the round's end is awaited. Nothing secret is left. */
class Revealed implements Stage {
  next({ kind }: StepInstruction): never {
    throw new ClientError("protocol", `got the instruction ${kind}, wanted the round's end`);
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}
