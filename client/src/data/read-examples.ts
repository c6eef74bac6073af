import { exampleShape, type Plan, type TableSchema } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { ColumnSummary } from "./column-summary.ts";
import type { ExampleSink } from "./example-writer.ts";
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
  const checking = { ...tools, sink: new FiniteSink(tools.sink) };
  switch (data.format) {
    case "csv":
    case "ndjson":
      return await readRecords(path, data, checking, signal);
    case "idx":
      await readIdx(path, { schema: data, featureShape: exampleShape(plan) }, checking, signal);
      return WITHOUT_COLUMNS;
    case "images":
      await readImages(path, data, checking, signal);
      return WITHOUT_COLUMNS;
  }
}

/** Holds readers to what sinks are promised: a number that is not finite would make every loss of every site one. */
class FiniteSink implements ExampleSink {
  readonly #sink: ExampleSink;
  #examples = 0;

  constructor(sink: ExampleSink) {
    this.#sink = sink;
  }

  async append(features: Float32Array, label: number): Promise<void> {
    this.#examples++;
    if (!features.every(Number.isFinite))
      throw new ClientError(
        "bad-data",
        `example ${this.#examples} becomes a number that is not finite, wanted finite ones: see the plan's scales`,
      );
    await this.#sink.append(features, label);
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
