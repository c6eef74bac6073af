import type { Logger } from "pino";
import { loadDataset } from "./data/load.ts";
import type { CreateTrainer } from "./session/trainers.ts";
import { createTrainer } from "./tfjs/trainer.ts";

/** Trains on the files at `dataPath` with TensorFlow.js. Rejects as loadDataset and createTrainer do. */
export function siteTrainer(log: Logger): CreateTrainer {
  return async (plan, dataPath, signal) => {
    const { dataset, droppedRows } = await loadDataset(dataPath, plan, signal);
    log.info({ examples: dataset.examples, droppedRows }, "read the site's data");
    return createTrainer({ plan, dataset, log }, signal);
  };
}
