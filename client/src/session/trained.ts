import {
  AdvertisingStage,
  bytesToHex,
  checkRoundConfig,
  configHash,
  graphNonceCommitment,
  type Hash,
  type Identity,
  isEncrypted,
  parseRoundConfig,
  type RoundConfig,
} from "@chorus/aggregation";
import { Advertised } from "./advertised.ts";
import { countsOf } from "./counts.ts";
import type { RoundFacts } from "./facts.ts";
import type { StepInstruction } from "./instruction.ts";
import { isEncryptedPlan } from "./run-model.ts";
import type { Site } from "./site.ts";
import { type Stage, type Step, wanted } from "./stage.ts";
import type { TrainedRound } from "./training.ts";

/** Local training has ended; the update waits for the masked exchange. */
export class Trained implements Stage {
  readonly #facts: RoundFacts;
  readonly #trained: TrainedRound;
  readonly #graphNonce: Uint8Array;
  readonly #site: Site;

  constructor(facts: RoundFacts, trained: TrainedRound, graphNonce: Uint8Array, site: Site) {
    this.#facts = facts;
    this.#trained = trained;
    this.#graphNonce = graphNonce;
    this.#site = site;
  }

  /** Signs fresh keys, once the configuration is what this participant and its floors want. */
  async next(instruction: StepInstruction, signal: AbortSignal): Promise<Step> {
    const { roundId, roundConfig } = wanted(instruction, "advertise-keys");
    const config = parseRoundConfig(roundConfig);
    await this.#check(config, signal);
    const { identity, random, commitments } = this.#site;
    const graphNonce = this.#graphNonce;
    const keys = AdvertisingStage.begin(config, { identity, graphNonce, random });
    const { parent, update, evaluation } = this.#trained;
    const plain = { delta: update.delta, counts: countsOf(update, evaluation) };
    const exchange = {
      facts: this.#facts,
      parent,
      config,
      configHash: configHash(config),
      tools: { committer: commitments, random },
      site: this.#site,
      // It loads while keys are exchanged.
      cipher: isEncrypted(config) ? this.#site.ciphers.start() : undefined,
    };
    return {
      stage: new Advertised(exchange, plain, keys),
      answer: {
        kind: "advertise-keys",
        roundId,
        configHash: exchange.configHash,
        advertisement: keys.advertisement,
      },
      log: {
        cohort: config.cohort.length,
        degree: config.degree,
        threshold: config.threshold,
      },
    };
  }

  [Symbol.dispose](): void {
    this.#trained.update.delta.fill(0);
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
      parentStateHash: offer.stateHash,
      valueBits: isEncryptedPlan(plan) ? plan.protection.valueBits : undefined,
      minSurvivors: plan.roundPolicy.minSurvivors,
      minSurvivorsFloor: floors.minSurvivors,
    };
    const { participantId, publicKey } = identity;
    checkRoundConfig(config, expected, {
      participantId,
      identityKey: bytesToHex(publicKey, 32),
      nonceCommitment: nonceCommitmentOf(identity, this.#graphNonce),
    });
  }
}

/** What commits this participant to the nonce that its key advertisement will open. */
export function nonceCommitmentOf({ participantId }: Identity, graphNonce: Uint8Array): Hash {
  return bytesToHex(graphNonceCommitment(participantId, graphNonce), 32);
}
