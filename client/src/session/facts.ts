import {
  layoutOf,
  type ModelLayout,
  parseRunPlan,
  planHash,
  type RunPlan,
} from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { RoundOffer } from "./instruction.ts";
import type { PlannedRun } from "./trainers.ts";

/** A round that this participant has looked at and can take part in. */
export interface RoundFacts {
  readonly offer: RoundOffer;
  readonly plan: RunPlan;
  readonly layout: ModelLayout;
}

/** The run that a round is of. */
export function runOf({ offer, plan }: RoundFacts): PlannedRun {
  return { runId: offer.runId, plan, planHash: offer.planHash };
}

/**
 * Reads an offer before anything is built from it. Throws PlanError for a plan that is wrong, does not fit together or is
 * too large, and {@link ClientError} `protocol` for one that does not have the hash that is to be accepted.
 */
export function readOffer(offer: RoundOffer): RoundFacts {
  const plan = parseRunPlan(offer.plan);
  const hash = planHash(plan);
  if (hash !== offer.planHash)
    throw new ClientError("protocol", `the plan's hash is ${hash}, wanted ${offer.planHash}`);
  return { offer, plan, layout: layoutOf(plan.model) };
}
