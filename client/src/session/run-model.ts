import {
  type HeProtection,
  initialModel,
  modelHash,
  type Plan,
  type RunPlan,
  stateLength,
} from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { ModelStore, RunModel } from "../models/model-store.ts";
import type { RoundFacts } from "./facts.ts";

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
 * seed, later ones are kept on disk, and are committed, as a round begins with them. undefined where it has not. Throws {@link ClientError} `wrong-model` for a first round
 * that begins with another model than the plan's, and `unwritable`.
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
    if (kept !== undefined) await models.committed(runId, wanted);
    return kept;
  }
  const model = initialModel(layout, plan.seed);
  const hash = modelHash(layout, model);
  if (hash === wanted) return { model, state: undefined };
  const got = `round 1 begins with the model ${wanted}`;
  throw new ClientError("wrong-model", `${got}, wanted ${hash} as the plan's seed makes it`);
}
