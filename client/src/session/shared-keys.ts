import { bytesOfWords, encodeUpdate, type SharingStage, uploadRoot } from "@chorus/aggregation";
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

  /** Clips, quantises and masks the update. From here on nobody needs the plain one, and it is wiped. */
  next(instruction: StepInstruction): Step {
    const { roundId, sharers, sealedShares } = wanted(instruction, "upload");
    const { config, configHash, random } = this.#exchange;
    using masking = this.#sharing.openShares(sharers, sealedShares);
    const vector = encodeUpdate(this.#update, config, random);
    this.#update.delta.fill(0);
    masking.mask(vector);
    const bytes = bytesOfWords(vector);
    const confirming = masking.commit(uploadRoot(bytes));
    const { commitment } = confirming;
    return {
      stage: new Uploaded(configHash, confirming),
      answer: { kind: "submit-update", roundId, configHash, commitment, bytes },
      log: { sharers: sharers.length, updateBytes: bytes.length },
    };
  }

  [Symbol.dispose](): void {
    this.#sharing[Symbol.dispose]();
    this.#update.delta.fill(0);
  }
}
