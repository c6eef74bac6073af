import type { Hash, StatisticsColumn, StatisticsPlan } from "@chorus/aggregation";
import type { Logger } from "pino";
import type { AnsweredColumns } from "./answered-columns.ts";
import { readStatistics, type SiteStatistics } from "./data/statistics.ts";
import { ClientError } from "./error.ts";
import type { Evaluation, LocalUpdate, Trainer } from "./trainer.ts";

/** What a statistics trainer is made of. */
export interface StatisticsTrainerOptions {
  readonly plan: StatisticsPlan;
  readonly runId: Hash;
  /** The site's table. */
  readonly dataPath: string;
  readonly answered: AnsweredColumns;
  readonly log: Pick<Logger, "info" | "warn">;
}

/**
 * Makes the trainer of a statistics plan: what it reports are means over the site's rows, and nothing is trained. Rejects
 * as {@link readStatistics} does, and with {@link ClientError} `already-measured` before it reads where the site has answered
 * another run for one of the columns. The table is read once; only its means are kept.
 */
export async function createStatisticsTrainer(
  options: StatisticsTrainerOptions,
  signal: AbortSignal,
): Promise<Trainer> {
  const { plan, runId, dataPath, answered, log } = options;
  const { columns } = plan.model.config;
  logInParts(columns.map(questionOf), (asked) =>
    log.info({ runId, columns: asked }, "a run asks for statistics of columns"),
  );
  answered.requireNew(runId, columnNames(plan));
  const statistics = await readStatistics(dataPath, plan, signal);
  tellWhatIsOdd(statistics, plan, log);
  log.info({ rows: statistics.rows }, "read the columns' statistics");
  return new StatisticsTrainer(statistics, options);
}

/** A column and what is asked of it, in words. */
function questionOf(column: StatisticsColumn): string {
  return column.kind === "number"
    ? `${column.column} (number from ${column.range[0]} to ${column.range[1]})`
    : `${column.column} (${column.values.length} values)`;
}

function tellWhatIsOdd(
  { rows, oddColumns, absences }: SiteStatistics,
  { protection: { maxExamples } }: StatisticsPlan,
  log: Pick<Logger, "warn">,
): void {
  logInParts(oddColumns, (columns) =>
    log.warn(
      { columns },
      "cells are not what the plan says: numbers outside the range count as its end, other texts as missing",
    ),
  );
  if (absences.count > 0)
    log.warn({ ...absences }, "what the plan asks for is not there, and counts as missing");
  if (rows > maxExamples) {
    log.warn({ rows, maxExamples }, "this site's rows weigh less than others': see maxExamples");
  }
}

/** Columns that one line of the log has at most. */
const MOST_COLUMNS = 100;

/** All of a list, in as many lines as it takes. */
function logInParts<T>(items: readonly T[], log: (part: readonly T[]) => void): void {
  for (let start = 0; start < items.length; start += MOST_COLUMNS)
    log(items.slice(start, start + MOST_COLUMNS));
}

function columnNames({ model }: StatisticsPlan): readonly string[] {
  return model.config.columns.map(({ column }) => column);
}

class StatisticsTrainer implements Trainer {
  readonly backend = "statistics";
  readonly #statistics: SiteStatistics;
  readonly #options: StatisticsTrainerOptions;

  constructor(statistics: SiteStatistics, options: StatisticsTrainerOptions) {
    this.#statistics = statistics;
    this.#options = options;
  }

  /**
   * What the site's means differ from the model's: from 0, as there is one round. It is on disk before anybody gets it that
   * this run was answered.
   */
  async train(model: Float32Array, _seed: string, signal: AbortSignal): Promise<LocalUpdate> {
    signal.throwIfAborted();
    const { means, rows } = this.#statistics;
    if (means.length !== model.length)
      throw new ClientError(
        "wrong-model",
        `the model has ${model.length} parameters, wanted ${means.length}`,
      );
    const { answered, runId, plan } = this.#options;
    await answered.record(runId, columnNames(plan));
    const delta = means.map((mean, index) => mean - (model[index] ?? Number.NaN));
    return { delta, examples: rows, meanLoss: 0 };
  }

  /** There is nothing to evaluate. */
  async evaluate(_model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    signal.throwIfAborted();
    return { examples: 0, correct: 0, meanLoss: 0 };
  }

  [Symbol.dispose](): void {
    this.#statistics.means.fill(0);
  }
}
