import type { AdvertisingStage } from "@chorus/aggregation";
import type { Exchange, PlainUpdate } from "./exchange.ts";
import type { StepInstruction } from "./instruction.ts";
import { SharedKeys } from "./shared-keys.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** This participant's keys are out. */
export class Advertised implements Stage {
  readonly #exchange: Exchange;
  readonly #update: PlainUpdate;
  readonly #keys: AdvertisingStage;

  constructor(exchange: Exchange, update: PlainUpdate, keys: AdvertisingStage) {
    this.#exchange = exchange;
    this.#update = update;
    this.#keys = keys;
  }

  /** Seals a share of this participant's secrets for each of the others. */
  next(instruction: StepInstruction): Step {
    const { roundId, keyBook } = wanted(instruction, "share-keys");
    const sharing = this.#keys.openKeyBook(keyBook);
    const { configHash } = this.#exchange;
    return {
      stage: new SharedKeys(this.#exchange, this.#update, sharing),
      answer: { kind: "share-keys", roundId, configHash, sealedShares: sharing.sealedShares },
      log: { keys: keyBook.length },
    };
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
    this.#update.delta.fill(0);
    this.#exchange.cipher?.[Symbol.dispose]();
  }
}
