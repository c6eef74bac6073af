import { exampleShape, type Plan, type TableSchema } from "@chorus/aggregation";
import type { ColumnSummary } from "./column-summary.ts";
import { readIdx } from "./idx.ts";
import { readImages } from "./images.ts";
import type { ReaderTools } from "./reader-tools.ts";
import { RowEncoder } from "./row-encoder.ts";
import { readTable } from "./table.ts";

/** What was read besides examples. */
export interface ReadingSummary {
  /** Rows that were left out for a missing value; 0 where the plan refuses those. */
  readonly droppedRows: number;
  /** The columns that the plan names, features and then the label; empty where data have none. */
  readonly columns: readonly ColumnSummary[];
}

/**
 * Reads a site's data, example by example, as the plan's schema says. `path`: a folder for images and IDX, a file for CSV
 * and NDJSON. Throws {@link ClientError} as {@link readTable}, {@link readIdx} and {@link readImages} do, and what `tools`
 * throw; the signal's reason when aborted.
 */
export async function readExamples(
  path: string,
  plan: Plan,
  tools: ReaderTools,
  signal: AbortSignal,
): Promise<ReadingSummary> {
  const { data } = plan;
  switch (data.format) {
    case "csv":
    case "ndjson":
      return await readRecords(path, data, tools, signal);
    case "idx":
      await readIdx(path, { schema: data, featureShape: exampleShape(plan) }, tools, signal);
      return WITHOUT_COLUMNS;
    case "images":
      await readImages(path, data, tools, signal);
      return WITHOUT_COLUMNS;
  }
}

const WITHOUT_COLUMNS: ReadingSummary = { droppedRows: 0, columns: [] };

const ROWS_BETWEEN_PROGRESS = 10_000;

async function readRecords(
  path: string,
  schema: TableSchema,
  { sink, report, progress }: ReaderTools,
  signal: AbortSignal,
): Promise<ReadingSummary> {
  const encoder = new RowEncoder(schema, report);
  const { columns } = encoder;
  let examples = 0;
  const take = async (cells: Parameters<typeof encoder.encode>[0]): Promise<void> => {
    const row = encoder.encode(cells);
    if (row === undefined) return;
    await sink.append(row.features, row.label);
    examples++;
    if (examples % ROWS_BETWEEN_PROGRESS === 0) progress(examples, undefined);
  };
  await readTable(schema.format, { path, columns, report }, take, signal);
  return { droppedRows: encoder.droppedRows, columns: encoder.summaries };
}
