import type { TableSchema } from "@chorus/aggregation";
import type { Cell } from "./cell.ts";
import { readCsv } from "./csv.ts";
import { readNdjson } from "./ndjson.ts";
import type { Report } from "./report.ts";

/** A table and what is wanted of it. */
export interface TableSource {
  readonly path: string;
  /** Names of the columns to read. */
  readonly columns: readonly string[];
  /** Is told of rows that are none; those are left out. */
  readonly report: Report;
  /**
   * Is told of a column that the table does not have and of values that are lists or objects: they count as missing. Where it
   * is left out, both are refused.
   */
  readonly tolerate?: Report;
}

/** Takes one row: a cell for each of the columns, in their order, its text empty where the value is missing. */
export type TakeRow = (cells: readonly Cell[]) => void | Promise<void>;

/**
 * Reads a table row by row, in memory that does not grow with it; `take` ends it by throwing. Throws {@link ClientError}:
 * `unreadable` where the system refuses; `bad-data`, naming file and line, for a file that is not of this format and for a
 * column that it does not have; what `take` and `report` throw; the signal's reason when aborted.
 */
export async function readTable(
  format: TableSchema["format"],
  source: TableSource,
  take: TakeRow,
  signal: AbortSignal,
): Promise<void> {
  const read = format === "csv" ? readCsv : readNdjson;
  await read(source, take, signal);
}
