import { exampleShape, type Plan } from "@chorus/aggregation";
import { type ExampleStorage, ExampleWriter } from "./example-writer.ts";
import type { Examples } from "./examples.ts";
import { holdOutSize } from "./hold-out.ts";
import { type ReadingSummary, readExamples } from "./read-examples.ts";
import type { Progress } from "./reader-tools.ts";
import { refuseAll } from "./report.ts";

/** A site's examples, what was left out of them, and what their columns are like. */
export interface LoadedDataset extends ReadingSummary {
  /** Whoever loads them disposes of them. */
  readonly dataset: Examples;
}

/** How examples are loaded. */
export interface LoadOptions {
  /** Where they are kept. Memory alone where this is left out. */
  readonly storage?: ExampleStorage;
  readonly progress?: Progress;
}

/**
 * Reads a site's data as the plan's schema says, and keeps them to train on. Throws {@link ClientError} as
 * {@link readExamples} and {@link ExampleWriter} do, the first problem ends it; `bad-data` for too few examples to train on
 * and hold out from; the signal's reason when aborted.
 */
export async function loadDataset(
  path: string,
  plan: Plan,
  { storage = IN_MEMORY, progress = () => {} }: LoadOptions,
  signal: AbortSignal,
): Promise<LoadedDataset> {
  using sink = new ExampleWriter(exampleShape(plan), storage);
  const summary = await readExamples(path, plan, { sink, report: refuseAll, progress }, signal);
  using opened = new DisposableStack();
  const dataset = opened.use(await sink.finish());
  requireEnough(path, plan, { examples: dataset.examples, ...summary });
  opened.move();
  return { dataset, ...summary };
}

const IN_MEMORY: ExampleStorage = { limitBytes: Number.POSITIVE_INFINITY, directory: "" };

/** Throws {@link ClientError} `bad-data` for fewer examples than the plan needs: see {@link holdOutSize}. */
export function requireEnough(
  path: string,
  { holdOut }: Plan,
  { examples, droppedRows }: { readonly examples: number; readonly droppedRows: number },
): void {
  holdOutSize(`${path} (${droppedRows} rows left out for missing values)`, examples, holdOut);
}
