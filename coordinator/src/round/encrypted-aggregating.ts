import type {
  EncryptedRoundConfig,
  Hash,
  MaskSeeds,
  Unmasking as UnmaskingStage,
} from "@chorus/aggregation";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import { Opening } from "./opening.ts";

/** The masks in the survivors' encrypted sum are known: they are to be taken off. */
export class EncryptedAggregating {
  readonly phase = "aggregating";
  readonly facts: RoundFacts;
  readonly config: EncryptedRoundConfig;
  /** Whoever takes them off overwrites them. */
  readonly masks: MaskSeeds;
  readonly #stage: UnmaskingStage;
  readonly #updatesRoot: Hash;
  readonly #left: Departures;

  constructor(fields: {
    readonly facts: RoundFacts;
    readonly config: EncryptedRoundConfig;
    readonly stage: UnmaskingStage;
    readonly updatesRoot: Hash;
    readonly left: Departures;
  }) {
    this.facts = fields.facts;
    this.config = fields.config;
    this.masks = fields.stage.closeAsSeeds();
    this.#stage = fields.stage;
    this.#updatesRoot = fields.updatesRoot;
    this.#left = fields.left;
  }

  /** The sum is here, without masks: aggregating -> opening. */
  open(encryptedSum: Uint8Array): Opening {
    const transcript = this.#stage.encryptedTranscript(encryptedSum);
    return new Opening(this.facts, this.config, transcript, this.#updatesRoot, this.#left);
  }
}
