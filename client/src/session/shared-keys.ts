import { bytesOfWords, encodeUpdate, type SharingStage } from "@chorus/aggregation";
import type { Exchange, PlainUpdate } from "./exchange.ts";
import type { StepInstruction } from "./instruction.ts";
import { type Stage, type Step, wanted } from "./stage.ts";
import { Uploaded } from "./uploaded.ts";

/** This participant's shares are out. */
export class SharedKeys implements Stage {
  readonly #exchange: Exchange;
  readonly #update: PlainUpdate;
  readonly #sharing: SharingStage;

  constructor(exchange: Exchange, update: PlainUpdate, sharing: SharingStage) {
    this.#exchange = exchange;
    this.#update = update;
    this.#sharing = sharing;
  }

  /** Clips, quantises, commits to and masks the update. From here on nobody needs the plain one, and it is wiped. */
  next(instruction: StepInstruction): Step {
    const { roundId, sharers, sealedShares } = wanted(instruction, "upload");
    const { config, configHash, tools } = this.#exchange;
    using masking = this.#sharing.openShares(sharers, sealedShares);
    const vector = encodeUpdate(this.#update, config, tools.random);
    this.#update.delta.fill(0);
    const confirming = masking.mask(vector, tools);
    const { upload, commitment } = confirming;
    const bytes = bytesOfWords(vector);
    const committed = { upload, commitment };
    return {
      stage: new Uploaded(this.#exchange, confirming),
      answer: { kind: "submit-update", roundId, configHash, committed, bytes },
      log: { sharers: sharers.length, updateBytes: bytes.length },
    };
  }

  [Symbol.dispose](): void {
    this.#sharing[Symbol.dispose]();
    this.#update.delta.fill(0);
  }
}
