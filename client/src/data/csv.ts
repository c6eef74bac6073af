import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { CsvSchema } from "@chorus/aggregation";
import { CsvError, type Info, parse } from "csv-parse";
import { ClientError } from "../error.ts";
import { type EncodedRow, RowEncoder } from "./csv-row.ts";
import { type Dataset, emptyDataset } from "./dataset.ts";
import { unreadable } from "./unreadable.ts";

/** Examples of a CSV file and how many rows were left out. */
export interface CsvExamples {
  readonly dataset: Dataset;
  /** Rows without a value in a column that the schema names. */
  readonly droppedRows: number;
}

/**
 * Reads a CSV file (RFC 4180: commas, a header, UTF-8) row by row; spaces around cells are ignored. Throws
 * {@link ClientError}: `unreadable` where the system refuses; `bad-data`, naming file, line and column, for a column that
 * is missing, a row of another length than the header and a cell that is not what the schema says. Messages may quote cells.
 * `featureShape`: what the schema's features together are to the model.
 */
export async function loadCsv(
  path: string,
  schema: CsvSchema,
  featureShape: readonly number[],
  signal: AbortSignal,
): Promise<CsvExamples> {
  const rows: EncodedRow[] = [];
  let droppedRows = 0;
  const parser = parse({
    bom: true,
    trim: true,
    info: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_CHARACTERS,
  });
  const readRows = async (source: AsyncIterable<ParsedRow>): Promise<void> => {
    let encoder: RowEncoder | undefined;
    for await (const { record, info } of source) {
      if (encoder === undefined) {
        encoder = new RowEncoder(path, schema, record);
        continue;
      }
      const row = encoder.encode(record, info.lines);
      if (row === undefined) droppedRows++;
      else rows.push(row);
    }
  };
  await pipeline(createReadStream(path), parser, readRows, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw loadingError(path, cause);
  });
  return { dataset: toDataset(rows, featureShape), droppedRows };
}

/** A row of 1 MiB is not one: somebody forgot to close a quote. */
const MAX_ROW_CHARACTERS = 1024 * 1024;

/** What csv-parse hands out with the option `info`. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: Info;
}

function loadingError(path: string, cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause;
  if (cause instanceof CsvError) {
    return new ClientError("bad-data", `${path} is not a CSV file: ${cause.message}`, { cause });
  }
  return unreadable(path, cause);
}

function toDataset(rows: readonly EncodedRow[], featureShape: readonly number[]): Dataset {
  const dataset = emptyDataset(rows.length, featureShape);
  let offset = 0;
  for (const [index, { features, label }] of rows.entries()) {
    dataset.features.set(features, offset);
    dataset.labels[index] = label;
    offset += features.length;
  }
  return dataset;
}
