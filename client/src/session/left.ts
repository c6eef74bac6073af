import type { Hash } from "@chorus/aggregation";
import type { AnswerOf } from "./answer.ts";
import type { Stage, Step } from "./stage.ts";

/** This participant is out of the round. Whatever it is still asked, it says so again. */
class Left implements Stage {
  readonly #answer: AnswerOf<"leave-round">;

  constructor(answer: AnswerOf<"leave-round">) {
    this.#answer = answer;
  }

  next(): Step {
    return { stage: this, answer: this.#answer };
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}

/** The step out of a round. `reason` is a code, never text: it leaves the site. */
export function leaving(roundId: Hash, reason: string): Step {
  const answer = { kind: "leave-round", roundId, reason } as const;
  return { stage: new Left(answer), answer, log: { reason } };
}
