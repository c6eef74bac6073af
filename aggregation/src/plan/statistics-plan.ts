import type { ColumnStatistics } from "../model/column-statistics.ts";
import type { FedAvgPlan, MaskingProtection, Plan, RoundPolicy } from "./plan.ts";

/**
 * Everything that defines a statistics run: one round, in which no network is trained. Its model is the statistics of the
 * survivors' rows together, and of no site alone. `chorus prepare` makes these plans.
 */
export interface StatisticsPlan {
  /** For people: 1 to 64 of a-z, 0-9 and "-". */
  readonly name: string;
  readonly model: ColumnStatistics;
  /** The tables' format; what is read of them is in the model. */
  readonly data: { readonly format: "csv" | "ndjson" };
  /** The mean itself. */
  readonly strategy: FedAvgPlan;
  /** The clipping norm is so large that no site's statistics are scaled down. */
  readonly protection: MaskingProtection;
  /** A second round would add nothing, and two sums show more than one. */
  readonly rounds: 1;
  /** Decides nothing but the plan's hash: an integer in [0, 2^32). */
  readonly seed: number;
  readonly roundPolicy: RoundPolicy;
}

/** What a run may be of. */
export type RunPlan = Plan | StatisticsPlan;

/** Whether a plan is of a statistics run. */
export function isStatisticsPlan(plan: RunPlan): plan is StatisticsPlan {
  return plan.model.class_name === "ColumnStatistics";
}
