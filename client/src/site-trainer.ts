import { isStatisticsPlan } from "@chorus/aggregation";
import type { Logger } from "pino";
import type { ExampleStorage } from "./data/example-writer.ts";
import { type LoadedDataset, loadDataset } from "./data/load.ts";
import type { CreateTrainer } from "./session/trainers.ts";
import { createStatisticsTrainer } from "./statistics-trainer.ts";
import type { Ladder } from "./tfjs/backends/ladder.ts";
import { createTrainer } from "./tfjs/trainer.ts";

/**
 * Trains on the files at `dataPath` with TensorFlow.js on the backend that `ladder` chooses for the plan; `storage` is where their examples are kept.
 * A statistics plan asks for neither.
 * Rejects as loadDataset, {@link Ladder.choose} and createTrainer do.
 */
export function siteTrainer(log: Logger, storage: ExampleStorage, ladder: Ladder): CreateTrainer {
  return async (plan, dataPath, signal) => {
    if (isStatisticsPlan(plan)) return createStatisticsTrainer({ plan, dataPath, log }, signal);
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
