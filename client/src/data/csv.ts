import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { CsvError, type Info, parse } from "csv-parse";
import { ClientError } from "../error.ts";
import { printable, quote } from "./cell.ts";
import { regularFileBytes } from "./regular-file.ts";
import { refuseAll } from "./report.ts";
import type { TableSource, TakeRow } from "./table.ts";
import { unreadable } from "./unreadable.ts";
import { utf8TextOf } from "./utf8.ts";

/**
 * Reads a CSV file (RFC 4180: commas, a header, UTF-8) as readTable says; spaces around cells are ignored. A row of another
 * length than the header is reported.
 */
export async function readCsv(
  source: TableSource,
  take: TakeRow,
  signal: AbortSignal,
): Promise<void> {
  const { path } = source;
  await regularFileBytes(path);
  const parser = parse({
    bom: true,
    trim: true,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_ROW_CHARACTERS,
    // By default the first row's end decides for all: files that were put together have both.
    record_delimiter: ["\r\n", "\n", "\r"],
  });
  const readRows = (rows: AsyncIterable<ParsedRow>): Promise<void> => takeRows(rows, source, take);
  const text = (chunks: AsyncIterable<Uint8Array>) => utf8TextOf(path, chunks);
  const reading = pipeline(createReadStream(path), text, parser, readRows, { signal });
  await reading.catch((cause: unknown) => {
    signal.throwIfAborted();
    throw readingError(path, cause);
  });
}

/** A row of 1 MiB is not one: somebody forgot to close a quote. */
const MAX_ROW_CHARACTERS = 1024 * 1024;

/** What csv-parse hands out with the option `info`. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: Info;
}

async function takeRows(
  rows: AsyncIterable<ParsedRow>,
  source: TableSource,
  take: TakeRow,
): Promise<void> {
  const { path, report } = source;
  let header: Header | undefined;
  for await (const { record, info } of rows) {
    if (header === undefined) {
      header = readHeader(source, record);
      continue;
    }
    if (record.length !== header.length) {
      const counts = `got ${record.length} cells, wanted ${header.length} as in the header`;
      report(new ClientError("bad-data", `${path}, line ${info.lines}: ${counts}`));
      continue;
    }
    const line = info.lines;
    await take(
      header.named.map(({ column, position }) => ({
        path,
        line,
        column,
        text: record[position] ?? "",
      })),
    );
  }
  if (header === undefined)
    throw new ClientError("bad-data", `${path} is empty, wanted a header with the columns' names`);
}

interface Header {
  readonly length: number;
  /** The columns asked for, and where they are. */
  readonly named: readonly { readonly column: string; readonly position: number }[];
}

/** Throws {@link ClientError} `bad-data` when a column is missing or there twice, and nobody tolerates that. */
function readHeader(source: TableSource, cells: readonly string[]): Header {
  const named = source.columns.map((column) => ({
    column,
    position: positionOf(source, cells, column),
  }));
  return { length: cells.length, named };
}

/** -1 where it is tolerated that there is none. */
function positionOf(
  { path, tolerate = refuseAll }: TableSource,
  header: readonly string[],
  column: string,
): number {
  const position = header.indexOf(column);
  if (position >= 0 && header.indexOf(column, position + 1) < 0) return position;
  tolerate(
    new ClientError(
      "bad-data",
      `${path} has ${position < 0 ? "no" : "more than one"} column ${quote(column)}, wanted one; ` +
        `its header is ${printable(header.join(", ")).slice(0, HEADER_CHARACTERS)}`,
    ),
  );
  return -1;
}

const HEADER_CHARACTERS = 500;

function readingError(path: string, cause: unknown): unknown {
  if (cause instanceof ClientError) return cause;
  if (cause instanceof CsvError) {
    return new ClientError("bad-data", `${path} is not a CSV file: ${printable(cause.message)}`, {
      cause,
    });
  }
  const isSystems = cause instanceof Error && "syscall" in cause;
  return isSystems ? unreadable(path, cause) : cause;
}
