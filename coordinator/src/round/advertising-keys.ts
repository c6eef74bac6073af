import {
  type KeyAdvertisement,
  type KeyAdvertising,
  type RoundConfig,
  serialiseRoundConfig,
} from "@chorus/aggregation";
import type { Abandoned } from "./ended.ts";
import { Exchange, exchangeQuorum } from "./exchange.ts";
import type { RoundFacts } from "./facts.ts";
import type { Departures } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";
import { SharingKeys } from "./sharing-keys.ts";

/** Waiting for everybody's fresh public keys. */
export class AdvertisingKeys extends Exchange<KeyAdvertising> {
  readonly phase = "advertising-keys";
  readonly #configJson: string;

  constructor(facts: RoundFacts, config: RoundConfig, stage: KeyAdvertising, left: Departures) {
    const asked = config.cohort.map(({ participantId }) => participantId);
    super(facts, config, stage, asked, exchangeQuorum(config), left);
    this.#configJson = serialiseRoundConfig(config);
  }

  instructionFor(): Instruction {
    return {
      kind: "advertise-keys",
      roundId: this.facts.roundId,
      roundConfig: this.#configJson,
    };
  }

  advertise(advertisement: KeyAdvertisement): void {
    this.stage.advertise(advertisement);
  }

  /** Ends advertising: advertising-keys -> sharing-keys | abandoned. */
  close(): SharingKeys | Abandoned {
    if (!this.hasQuorum) return this.tooFew("advertised keys");
    return new SharingKeys(this.facts, this.config, this.stage.close(), this.left);
  }
}
