import { isStatisticsPlan } from "@chorus/aggregation";
import type { Logger } from "pino";
import type { AnsweredColumns } from "./answered-columns.ts";
import type { ExampleStorage } from "./data/example-writer.ts";
import { type LoadedDataset, loadDataset } from "./data/load.ts";
import type { CreateTrainer } from "./session/trainers.ts";
import { createStatisticsTrainer } from "./statistics-trainer.ts";
import type { Ladder } from "./tfjs/backends/ladder.ts";
import { createTrainer } from "./tfjs/trainer.ts";

/** What a site's trainers share. */
export interface SiteTrainerOptions {
  readonly log: Logger;
  /** Where examples are kept. */
  readonly storage: ExampleStorage;
  /** Chooses the backend for a plan. */
  readonly ladder: Pick<Ladder, "choose">;
  /** Which statistics this site has told of. */
  readonly answered: AnsweredColumns;
}

/**
 * Trains on the site's data with TensorFlow.js; a run of statistics asks for neither storage nor ladder. Rejects as loadDataset,
 * {@link Ladder.choose}, createTrainer and createStatisticsTrainer do.
 */
export function siteTrainer({ log, storage, ladder, answered }: SiteTrainerOptions): CreateTrainer {
  return async ({ plan, runId }, dataPath, signal) => {
    if (isStatisticsPlan(plan))
      return createStatisticsTrainer({ plan, runId, dataPath, answered, log }, signal);
    const { opened, isChecked } = await ladder.choose(plan, signal);
    const progress = (examples: number, all: number | undefined): void =>
      log.debug({ examples, all }, "reading the site's data");
    const loaded = await loadDataset(dataPath, plan, { storage, progress }, signal);
    const { dataset, droppedRows } = loaded;
    const imputed = imputedCells(loaded);
    log.info({ examples: dataset.examples, droppedRows, imputed }, "read the site's data");
    return createTrainer(
      { plan, dataset, log, backend: opened.name, selfTest: !isChecked },
      signal,
    );
  };
}

/** Cells that have the plan's value instead of one of their own, by column; columns without such are left out. */
function imputedCells({ columns }: LoadedDataset): Readonly<Record<string, number>> {
  const some = columns.filter(({ imputed }) => imputed > 0);
  return Object.fromEntries(some.map(({ column, imputed }) => [column, imputed]));
}
