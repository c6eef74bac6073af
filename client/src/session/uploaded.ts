import type { ConfirmingStage } from "@chorus/aggregation";
import { Confirmed } from "./confirmed.ts";
import type { Exchange } from "./exchange.ts";
import type { StepInstruction } from "./instruction.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** The masked update is out. */
export class Uploaded implements Stage {
  readonly #exchange: Exchange;
  readonly #confirming: ConfirmingStage;

  constructor(exchange: Exchange, confirming: ConfirmingStage) {
    this.#exchange = exchange;
    this.#confirming = confirming;
  }

  /** Signs the survivor set: this one and no other. What comes of it will have to be verified. */
  next(instruction: StepInstruction): Step {
    const { roundId, survivors } = wanted(instruction, "confirm-survivors");
    const { auditor, ...round } = this.#exchange;
    const { configHash } = round;
    const revealing = this.#confirming.confirm(survivors);
    const { ack } = revealing;
    auditor.signed({ ...round, ack });
    return {
      stage: new Confirmed(configHash, revealing),
      answer: { kind: "confirm-survivors", roundId, configHash, ack },
      log: { survivors: survivors.length },
    };
  }

  [Symbol.dispose](): void {
    this.#confirming[Symbol.dispose]();
  }
}
