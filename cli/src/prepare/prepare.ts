import {
  canonicalPlan,
  type Hash,
  type Plan,
  type PooledColumn,
  preparedPlan,
  statisticsPlanFor,
  type Template,
} from "@chorus/aggregation";
import { findRun, type Operator } from "../operator/operator.ts";
import type { RunEvent, RunSummary } from "../operator/run.ts";
import { foundStatistics, statisticsPlanOf } from "./statistics-run.ts";

/** Hears how far a preparation is. */
export interface PreparationWatcher {
  onStart(run: RunSummary): void;
  onEvent(event: RunEvent): void;
}

/** A plan made of a template, and what went into it. */
export interface Preparation {
  /** The statistics run. */
  readonly runId: Hash;
  readonly survivors: number;
  /** Sites that the round was to have. */
  readonly wantedSites: number;
  /** Of the survivors, each site's at most the plan's `maxExamples`. */
  readonly rows: number;
  readonly columns: readonly PooledColumn[];
  readonly plan: Plan;
}

/**
 * Makes a plan of a template: starts a run of the statistics that it lacks, waits until the run has ended, and fills them
 * in. With `runPrefix`, the run whose id begins so is read instead, and none is started. Throws what {@link Operator}'s
 * methods and those of statistics-run.ts throw; the signal's reason when aborted, and the run goes on then.
 */
export async function prepare(
  operator: Operator,
  template: Template,
  { runPrefix, watcher }: { readonly runPrefix?: string; readonly watcher: PreparationWatcher },
  signal: AbortSignal,
): Promise<Preparation> {
  const statistics = statisticsPlanFor(template);
  const started =
    runPrefix === undefined
      ? await operator.startRun(canonicalPlan(statistics), signal)
      : await findRun(operator, runPrefix, signal);
  const { runId } = started;
  const { model } = statistics;
  const plan = await statisticsPlanOf(operator, runId, model, signal);
  watcher.onStart(started);
  for await (const event of operator.watchRun(runId, signal)) watcher.onEvent(event);
  const { modelHash, round, pooled } = await foundStatistics(operator, runId, plan, signal);
  return {
    runId,
    survivors: round.survivors,
    wantedSites: plan.roundPolicy.select,
    rows: round.trainingExamples,
    columns: pooled,
    plan: preparedPlan(template, pooled, { runId, modelHash }),
  };
}
