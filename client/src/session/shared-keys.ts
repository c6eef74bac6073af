import { isEncrypted, type SharingStage } from "@chorus/aggregation";
import type { Exchange, PlainUpdate } from "./exchange.ts";
import { hideUpdate } from "./hidden-update.ts";
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

  /** Hides the update. From here on nobody needs the plain one, and it is wiped. */
  async next(instruction: StepInstruction, signal: AbortSignal): Promise<Step> {
    const { roundId, sharers, sealedShares } = wanted(instruction, "upload");
    using masking = this.#sharing.openShares(sharers, sealedShares);
    const hidden = await hideUpdate(this.#exchange, this.#update, masking, signal);
    const { confirming, bytes, rest } = hidden;
    const { config, configHash } = this.#exchange;
    const { upload, commitment } = confirming;
    const committed = { upload, commitment };
    return {
      stage: new Uploaded(configHash, confirming, rest),
      answer: { kind: "submit-update", roundId, configHash, committed, bytes },
      log: { sharers: sharers.length, updateBytes: bytes.length },
      ...(isEncrypted(config) ? { sentence: "uploaded the encrypted update" } : {}),
    };
  }

  [Symbol.dispose](): void {
    this.#sharing[Symbol.dispose]();
    this.#update.delta.fill(0);
    this.#exchange.cipher?.[Symbol.dispose]();
  }
}
