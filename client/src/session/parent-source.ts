import { type ModelRequest, ModelRequestKeys } from "@chorus/aggregation/he";
import type { RunModel } from "../models/model-store.ts";
import { downloadModel } from "./download.ts";
import type { RoundFacts } from "./facts.ts";
import { handoverBinding, takeOver } from "./handover.ts";
import type { InstructionFor } from "./instruction.ts";
import { lackOf, type ModelGiver } from "./model-giver.ts";
import { type EncryptedPlan, heldModel, isEncryptedPlan } from "./run-model.ts";
import type { Site } from "./site.ts";

/** Where a round's model comes from. Disposal wipes what would open it. */
export interface ParentSource extends Disposable {
  /** What asks the others for it; undefined where nobody has to be asked. */
  readonly request: ModelRequest | undefined;
  /** Gets it, as an instruction to train says. Rejects with whatever is in the way, and with the signal's reason. */
  fetch(order: InstructionFor<"train">, signal: AbortSignal): Promise<RunModel>;
}

/**
 * Finds out where this participant gets a round's model: from the coordinator; in an encrypted run from its own disk or, where
 * that has not got it, from another participant. Rejects with ClientError `wrong-model`, and with the signal's reason.
 */
export async function parentSource(
  facts: RoundFacts,
  giver: ModelGiver,
  site: Site,
  signal: AbortSignal,
): Promise<ParentSource> {
  const { offer, plan, layout } = facts;
  if (!isEncryptedPlan(plan)) return new Downloaded(facts, site);
  const held = await heldModel(facts, site.models);
  if (held !== undefined) return new Held(held, giver);
  const binding = await handoverBinding(offer, site, signal);
  const keys = ModelRequestKeys.make(binding, site.identity, site.random);
  return new Requested({ offer, plan, layout }, keys, site);
}

/** Of a run whose models the coordinator has. */
class Downloaded implements ParentSource {
  readonly request: undefined;
  readonly #facts: RoundFacts;
  readonly #site: Site;

  constructor(facts: RoundFacts, site: Site) {
    this.#facts = facts;
    this.#site = site;
  }

  async fetch(_order: InstructionFor<"train">, signal: AbortSignal): Promise<RunModel> {
    const { offer, layout } = this.#facts;
    const model = await downloadModel(offer.modelHash, layout, this.#site.uplink, signal);
    return { model, state: undefined };
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}

/** Of a run whose model this participant has, and may be asked for. */
class Held implements ParentSource {
  readonly request: undefined;
  readonly #held: RunModel;
  readonly #giver: ModelGiver;

  constructor(held: RunModel, giver: ModelGiver) {
    this.#held = held;
    this.#giver = giver;
  }

  async fetch(order: InstructionFor<"train">, signal: AbortSignal): Promise<RunModel> {
    const { offer, modelRequests } = order;
    if (modelRequests.length > 0) await this.#giver.give(offer, this.#held, modelRequests, signal);
    return this.#held;
  }

  [Symbol.dispose](): void {
    // Holds nothing that only this round may know.
  }
}

/** Of a run whose model this participant has asked for. */
class Requested implements ParentSource {
  readonly #facts: RoundFacts & { readonly plan: EncryptedPlan };
  readonly #keys: ModelRequestKeys;
  readonly #site: Site;

  constructor(
    facts: RoundFacts & { readonly plan: EncryptedPlan },
    keys: ModelRequestKeys,
    site: Site,
  ) {
    this.#facts = facts;
    this.#keys = keys;
    this.#site = site;
  }

  get request(): ModelRequest {
    return this.#keys.request;
  }

  async fetch({ handover }: InstructionFor<"train">, signal: AbortSignal): Promise<RunModel> {
    if (handover === undefined) throw lackOf(this.#facts.offer);
    return await takeOver(this.#facts, this.#keys, handover, this.#site, signal);
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
  }
}
