import { isDeepStrictEqual } from "node:util";
import {
  type ColumnStatistics,
  type Hash,
  isStatisticsPlan,
  layoutOf,
  modelFromBytes,
  modelHash,
  type PooledColumn,
  parseRunPlan,
  pooledColumns,
  type StatisticsPlan,
  statisticsError,
} from "@chorus/aggregation";
import { CliError } from "../cli-error.ts";
import type { Operator } from "../operator/operator.ts";
import type { CompletedRound, RunReport } from "../operator/run.ts";
import { shortHash } from "../terminal/format.ts";

/** What a completed statistics run has found. */
export interface FoundStatistics {
  readonly modelHash: Hash;
  readonly round: CompletedRound;
  /** In the order of the plan's columns. */
  readonly pooled: readonly PooledColumn[];
}

/** The plan of a run, where that measures these columns. Throws {@link CliError} `wrong-usage` where it does not. */
export async function statisticsPlanOf(
  operator: Operator,
  runId: Hash,
  wanted: ColumnStatistics,
  signal: AbortSignal,
): Promise<StatisticsPlan> {
  const plan = parseRunPlan((await operator.getRun(runId, signal)).plan);
  if (isStatisticsPlan(plan) && isDeepStrictEqual(plan.model, wanted)) return plan;
  throw new CliError(
    "wrong-usage",
    `run ${shortHash(runId)} does not measure what this template asks for`,
    "Leave --run out to start a statistics run of this template.",
  );
}

/**
 * Reads what a run of this plan, which has ended, has found. Throws {@link CliError} `failed` for a run that is not completed
 * and for a model that is not the one that the run names; PlanError for a column without a value.
 */
export async function foundStatistics(
  operator: Pick<Operator, "getRun" | "fetchFile">,
  runId: Hash,
  { model, protection }: StatisticsPlan,
  signal: AbortSignal,
): Promise<FoundStatistics> {
  const round = lastRound(await operator.getRun(runId, signal));
  const layout = layoutOf(model);
  const bytes = await operator.fetchFile(round.modelHash, 4 * layout.parameters, signal);
  const values = modelFromBytes(layout, bytes);
  const hash = modelHash(layout, values);
  if (hash !== round.modelHash)
    throw new CliError(
      "failed",
      `the coordinator sends model ${shortHash(hash)}, wanted ${shortHash(round.modelHash)}`,
      "Do not use what it sends; ask the coordinator's operator.",
    );
  const pooled = pooledColumns(model, values, statisticsError(round, protection));
  return { modelHash: hash, round, pooled };
}

function lastRound({ run, rounds }: RunReport): CompletedRound {
  const round = rounds.at(-1);
  if (run.status === "completed" && round !== undefined) return round;
  throw new CliError(
    "failed",
    `the statistics run ${shortHash(run.runId)} is ${run.status}, not completed`,
    `See \`chorus run show ${shortHash(run.runId)}\`.`,
  );
}
