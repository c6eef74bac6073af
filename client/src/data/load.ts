import { exampleShape, type Plan } from "@chorus/aggregation";
import { loadCsv } from "./csv.ts";
import type { Dataset } from "./dataset.ts";
import { holdOutSize } from "./hold-out.ts";
import { loadIdx } from "./idx.ts";

/** A site's examples and what was left out of them. */
export interface LoadedDataset {
  readonly dataset: Dataset;
  /** Rows that were dropped for a missing value; 0 where the plan refuses those. */
  readonly droppedRows: number;
}

/**
 * Reads a site's data as the plan's schema says: `path` is a folder for IDX, a file for CSV. Throws
 * {@link ClientError} as {@link loadIdx} and {@link loadCsv} do, and `bad-data` for too few examples to train on and hold
 * out from; the signal's reason when aborted.
 */
export async function loadDataset(
  path: string,
  plan: Plan,
  signal: AbortSignal,
): Promise<LoadedDataset> {
  const loaded = await loadExamples(path, plan, signal);
  const { dataset, droppedRows } = loaded;
  const source = `${path} (${droppedRows} rows left out for missing values)`;
  holdOutSize(source, dataset.examples, plan.holdOut);
  return loaded;
}

async function loadExamples(path: string, plan: Plan, signal: AbortSignal): Promise<LoadedDataset> {
  if (plan.data.format === "csv") return loadCsv(path, plan.data, exampleShape(plan), signal);
  const dataset = await loadIdx(path, plan.data, exampleShape(plan), signal);
  return { dataset, droppedRows: 0 };
}
