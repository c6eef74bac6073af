import {
  type Hash,
  isStatisticsPlan,
  layoutOf,
  ModelError,
  modelFromBytes,
  modelHash,
  PlanError,
  type PooledColumn,
  type PreparedBy,
  parseRunPlan,
  pooledColumns,
  preparedDifferences,
  type RunPlan,
  statisticsError,
} from "@chorus/aggregation";
import { CliError } from "../cli-error.ts";
import type { RunDetails } from "../operator/run.ts";
import { shortHash } from "../terminal/format.ts";
import { mostVectorBytes } from "./file-bounds.ts";
import type { Difference, HistorySource } from "./history.ts";

/** Where a plan's numbers come from, and whether the statistics run that it names gives them. */
export interface CheckedPreparation {
  /** The statistics run. */
  readonly runId: Hash;
  /** "unknown" where the run that is named is not kept in what is read. */
  readonly plan: "holds" | "differs" | "unknown";
}

/**
 * Makes a plan's numbers again from the model of the statistics run that it names, and compares. That run's own history is
 * another verification. Undefined for a plan that names none. Throws what the source throws.
 */
export async function checkPreparation(
  plan: RunPlan,
  source: HistorySource,
  signal: AbortSignal,
): Promise<{ checked: CheckedPreparation; differences: readonly Difference[] } | undefined> {
  if (isStatisticsPlan(plan) || plan.preparedBy === undefined) return undefined;
  const { preparedBy } = plan;
  const { runId } = preparedBy;
  const details = await detailsOf(runId, source, signal);
  if (details === undefined) return { checked: { runId, plan: "unknown" }, differences: [] };
  const what = `the plan's numbers, prepared by run ${shortHash(runId)}…,`;
  const pooled = await pooledBy(preparedBy, details, source, signal);
  const differences =
    "problem" in pooled
      ? [unprepared(what, "a statistics run that gives them", pooled.problem)]
      : preparedDifferences(plan, pooled.columns).map(({ path, expected, got }) =>
          unprepared(`${path}, prepared by run ${shortHash(runId)}…,`, expected, got),
        );
  return {
    checked: { runId, plan: differences.length === 0 ? "holds" : "differs" },
    differences,
  };
}

function unprepared(what: string, expected: string, got: string): Difference {
  return { round: undefined, what, expected, got, cause: "unprepared" };
}

async function detailsOf(
  runId: Hash,
  source: HistorySource,
  signal: AbortSignal,
): Promise<RunDetails | undefined> {
  try {
    return await source.details(runId, signal);
  } catch (error) {
    if (error instanceof CliError && error.code === "unknown-run") return undefined;
    throw error;
  }
}

/** What a statistics run's model says, or why it says nothing. */
async function pooledBy(
  { modelHash: wanted }: PreparedBy,
  details: RunDetails,
  source: HistorySource,
  signal: AbortSignal,
): Promise<{ columns: readonly PooledColumn[] } | { problem: string }> {
  const round = details.rounds.at(-1);
  if (round?.modelHash !== wanted)
    return { problem: `model ${shortHash(round?.modelHash ?? "none")} at that run's end` };
  try {
    const plan = parseRunPlan(details.plan);
    if (!isStatisticsPlan(plan)) return { problem: "a run that trains a model" };
    const layout = layoutOf(plan.model);
    const bytes = await source.file(wanted, mostVectorBytes(layout.parameters), signal);
    if ("problem" in bytes) return { problem: `${bytes.problem} of its model` };
    const values = modelFromBytes(layout, bytes);
    if (modelHash(layout, values) !== wanted) return { problem: "another file of its model" };
    return { columns: pooledColumns(plan.model, values, statisticsError(round, plan.protection)) };
  } catch (error) {
    if (error instanceof PlanError || error instanceof ModelError)
      return { problem: error.message };
    throw error;
  }
}
