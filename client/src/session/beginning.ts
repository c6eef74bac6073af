import { isDeepStrictEqual } from "node:util";
import { GRAPH_NONCE_BYTES } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { type RoundFacts, readOffer, runOf } from "./facts.ts";
import type { InstructionFor, RoundOffer, StepInstruction } from "./instruction.ts";
import { leaving } from "./left.ts";
import { lackOf, type ModelGiver } from "./model-giver.ts";
import { type ParentSource, parentSource } from "./parent-source.ts";
import type { Site } from "./site.ts";
import { type Stage, type Step, wanted } from "./stage.ts";
import { nonceCommitmentOf, Trained } from "./trained.ts";
import { trainRound } from "./training.ts";

/**
 * This process knows nothing of the round yet: it is new, or the process was restarted in the middle of it. Training can
 * still begin; the secrets of anything later are gone.
 */
export class Unseen implements Stage {
  readonly #giver: ModelGiver;
  readonly #site: Site;

  constructor(giver: ModelGiver, site: Site) {
    this.#giver = giver;
    this.#site = site;
  }

  async next(instruction: StepInstruction, signal: AbortSignal): Promise<Step> {
    const { roundId } = instruction;
    // Its keys are out and their secrets are gone: there are no second keys for the same round.
    if (this.#site.journal.begun(roundId)) return leaving(roundId, "restarted");
    switch (instruction.kind) {
      case "invitation":
        return accept(instruction, this.#giver, this.#site, signal);
      case "train":
        return trainAfresh(instruction, this.#giver, this.#site, signal);
      default:
        return leaving(roundId, "no-state");
    }
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}

/** The round was accepted: its plan is sound, and this site's data go with it. */
class Accepted implements Stage {
  readonly #facts: RoundFacts;
  readonly #source: ParentSource;
  readonly #site: Site;

  constructor(facts: RoundFacts, source: ParentSource, site: Site) {
    this.#facts = facts;
    this.#source = source;
    this.#site = site;
  }

  async next(instruction: StepInstruction, signal: AbortSignal): Promise<Step> {
    const order = wanted(instruction, "train");
    if (!isDeepStrictEqual(order.offer, this.#facts.offer))
      throw new ClientError("protocol", "got another round to train in than the accepted one");
    using source = this.#source;
    return await train(this.#facts, order, source, this.#site, signal);
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

/** What a round is about, once nothing that went before keeps this participant out of it. */
async function factsOf(offer: RoundOffer, site: Site, signal: AbortSignal): Promise<RoundFacts> {
  const facts = readOffer(offer);
  await site.auditor.admit(offer, signal);
  return facts;
}

async function accept(
  { roundId, offer }: InstructionFor<"invitation">,
  giver: ModelGiver,
  site: Site,
  signal: AbortSignal,
): Promise<Step> {
  const facts = await factsOf(offer, site, signal);
  await site.trainers.forRun(runOf(facts), signal);
  const source = await parentSource(facts, giver, site, signal);
  const { runId, round, planHash } = offer;
  const { parameters } = facts.layout;
  const modelRequest = source.request;
  const asked = modelRequest === undefined ? {} : { lacks: offer.modelHash };
  return {
    stage: new Accepted(facts, source, site),
    answer: { kind: "accept-round", roundId, planHash, modelRequest },
    log: { runId, round, parameters, ...asked },
  };
}

/** Trains in a round that an earlier process may have accepted: what it may have asked the others for, it asked in vain. */
async function trainAfresh(
  order: InstructionFor<"train">,
  giver: ModelGiver,
  site: Site,
  signal: AbortSignal,
): Promise<Step> {
  const facts = await factsOf(order.offer, site, signal);
  using source = await parentSource(facts, giver, site, signal);
  if (source.request !== undefined) throw lackOf(order.offer);
  return await train(facts, order, source, site, signal);
}

async function train(
  facts: RoundFacts,
  order: InstructionFor<"train">,
  source: ParentSource,
  site: Site,
  signal: AbortSignal,
): Promise<Step> {
  const { roundId } = order;
  const trained = await trainRound(facts, order, source, site, signal);
  const graphNonce = new Uint8Array(GRAPH_NONCE_BYTES);
  site.random.fill(graphNonce);
  const nonceCommitment = nonceCommitmentOf(site.identity, graphNonce);
  const { modelHash } = facts.offer;
  return {
    stage: new Trained(facts, trained, graphNonce, site),
    answer: { kind: "report-trained", roundId, modelHash, nonceCommitment },
    log: { examples: trained.update.examples, meanLoss: trained.update.meanLoss },
  };
}
