import {
  type HeProtection,
  initialModel,
  modelHash,
  type Plan,
  type RunPlan,
  stateHash,
  stateLength,
} from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { ModelStore, RunModel } from "../models/model-store.ts";
import type { RoundFacts } from "./facts.ts";
import type { RoundOffer } from "./instruction.ts";

/** A plan whose models are its participants' alone. */
export type EncryptedPlan = Plan & { readonly protection: HeProtection };

export function isEncryptedPlan(plan: RunPlan): plan is EncryptedPlan {
  return plan.protection.kind === "he";
}

/** Numbers that a round's strategy keeps beside its model. */
export function stateLengthOf({ plan, layout }: RoundFacts): number {
  return stateLength(plan.strategy, layout.parameters);
}

/**
 * What an encrypted round trains from, as far as this participant has it: the first round's everybody makes from the plan's
 * seed, later ones are kept on disk, and are committed, as a round begins with them. undefined where it has not, or has it with
 * another state than the round goes on with: the participant asks for both then. Throws {@link ClientError} `wrong-model` for a
 * first round that begins with another model than the plan's, or with a state; `unwritable`.
 */
export async function heldModel(
  facts: RoundFacts,
  models: ModelStore,
): Promise<RunModel | undefined> {
  const { offer, plan, layout } = facts;
  const { round, runId, modelHash: wanted } = offer;
  if (round > 1) {
    const lengths = { layout, stateLength: stateLengthOf(facts) };
    const kept = await models.read({ runId, modelHash: wanted, ...lengths });
    if (kept === undefined || stateHash(kept.state) !== offer.stateHash) return undefined;
    await models.committed(runId, wanted);
    return kept;
  }
  requireState(offer, undefined, "a run's first state");
  const model = initialModel(layout, plan.seed);
  const hash = modelHash(layout, model);
  if (hash === wanted) return { model, state: undefined };
  const got = `round 1 begins with the model ${wanted}`;
  throw new ClientError("wrong-model", `${got}, wanted ${hash} as the plan's seed makes it`);
}

/** Throws {@link ClientError} `wrong-model` unless this is the state of the outer optimiser that a round goes on with. */
export function requireState(
  { round, stateHash: wanted }: RoundOffer,
  state: Float32Array | undefined,
  what: string,
): void {
  const hash = stateHash(state);
  if (hash === wanted) return;
  const message = `the hash of ${what} is ${hash || "none"}, wanted ${wanted || "none"} as round ${round} goes on with`;
  throw new ClientError("wrong-model", message);
}
