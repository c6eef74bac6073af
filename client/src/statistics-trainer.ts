import type { StatisticsPlan } from "@chorus/aggregation";
import type { Logger } from "pino";
import { readStatistics, type SiteStatistics } from "./data/statistics.ts";
import { ClientError } from "./error.ts";
import type { Evaluation, LocalUpdate, Trainer } from "./trainer.ts";

/** What a statistics trainer is made of. */
export interface StatisticsTrainerOptions {
  readonly plan: StatisticsPlan;
  /** The site's table. */
  readonly dataPath: string;
  readonly log: Pick<Logger, "info" | "warn">;
}

/**
 * Makes the trainer of a statistics plan: what it reports are means over the site's rows, and nothing is trained. Rejects
 * as {@link readStatistics} does. The table is read once; only its means are kept.
 */
export async function createStatisticsTrainer(
  { plan, dataPath, log }: StatisticsTrainerOptions,
  signal: AbortSignal,
): Promise<Trainer> {
  const statistics = await readStatistics(dataPath, plan, signal);
  const { rows } = statistics;
  const { maxExamples } = plan.protection;
  const columns = plan.model.config.columns.map(({ column }) => column);
  log.info({ rows, columns: columns.slice(0, MOST_NAMES) }, "read the columns' statistics");
  if (rows > maxExamples) {
    log.warn({ rows, maxExamples }, "this site's rows weigh less than others': see maxExamples");
  }
  return new StatisticsTrainer(statistics);
}

/** Names of columns that one line of the log has at most. */
const MOST_NAMES = 100;

class StatisticsTrainer implements Trainer {
  readonly backend = "statistics";
  readonly #statistics: SiteStatistics;

  constructor(statistics: SiteStatistics) {
    this.#statistics = statistics;
  }

  /** What the site's means differ from the model's: from 0, as there is one round. */
  async train(model: Float32Array, _seed: string, signal: AbortSignal): Promise<LocalUpdate> {
    signal.throwIfAborted();
    const { means, rows } = this.#statistics;
    if (means.length !== model.length)
      throw new ClientError(
        "wrong-model",
        `the model has ${model.length} parameters, wanted ${means.length}`,
      );
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
