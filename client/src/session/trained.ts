import {
  AdvertisingStage,
  bytesToHex,
  checkRoundConfig,
  configHash,
  parseRoundConfig,
  type RoundConfig,
} from "@chorus/aggregation";
import type { Evaluation, LocalUpdate } from "../trainer.ts";
import { Advertised } from "./advertised.ts";
import { countsOf } from "./counts.ts";
import type { RoundFacts } from "./facts.ts";
import type { StepInstruction } from "./instruction.ts";
import type { Site } from "./site.ts";
import { type Stage, type Step, wanted } from "./stage.ts";

/** Local training has ended; the update waits for the masked exchange. */
export class Trained implements Stage {
  readonly #facts: RoundFacts;
  readonly #update: LocalUpdate;
  readonly #evaluation: Evaluation;
  readonly #site: Site;

  constructor(
    facts: RoundFacts,
    trained: { readonly update: LocalUpdate; readonly evaluation: Evaluation },
    site: Site,
  ) {
    this.#facts = facts;
    this.#update = trained.update;
    this.#evaluation = trained.evaluation;
    this.#site = site;
  }

  /** Signs fresh keys, once the configuration is what this participant and its floors want. */
  async next(instruction: StepInstruction, signal: AbortSignal): Promise<Step> {
    const { roundId, roundConfig } = wanted(instruction, "advertise-keys");
    const config = parseRoundConfig(roundConfig);
    await this.#check(config, signal);
    const { identity, random } = this.#site;
    const keys = AdvertisingStage.begin(config, identity, random);
    const update = {
      delta: this.#update.delta,
      counts: countsOf(this.#update, this.#evaluation),
    };
    const exchange = { config, configHash: configHash(config), random };
    return {
      stage: new Advertised(exchange, update, keys),
      answer: {
        kind: "advertise-keys",
        roundId,
        configHash: exchange.configHash,
        advertisement: keys.advertisement,
      },
      log: { cohort: config.cohort.length, threshold: config.threshold },
    };
  }

  [Symbol.dispose](): void {
    this.#update.delta.fill(0);
  }

  async #check(config: RoundConfig, signal: AbortSignal): Promise<void> {
    const { offer, plan, layout } = this.#facts;
    const { identity, floors, uplink } = this.#site;
    const expected = {
      federationId: await uplink.federationId(signal),
      runId: offer.runId,
      round: offer.round,
      roundId: offer.roundId,
      planHash: offer.planHash,
      parentModelHash: offer.modelHash,
      dimension: layout.parameters,
      clippingNorm: plan.protection.clippingNorm,
      maxExamples: plan.protection.maxExamples,
      minSurvivors: plan.roundPolicy.minSurvivors,
      minSurvivorsFloor: floors.minSurvivors,
    };
    const { participantId, publicKey } = identity;
    checkRoundConfig(config, expected, { participantId, identityKey: bytesToHex(publicKey, 32) });
  }
}
