import type { StatisticsPlan } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { refuseAll } from "./report.ts";
import { type OddCells, StatisticsTally } from "./statistics-tally.ts";
import { readTable } from "./table.ts";

/** What a site tells of its table, and only ever in a masked sum; what is odd about the table stays at the site. */
export interface SiteStatistics {
  /** Rows of the table. */
  readonly rows: number;
  /** Means over the rows, in the order of the plan's model. Shape `[parameters]`, all in [-1, 1]. */
  readonly means: Float32Array;
  /** Columns with cells that are not what the plan says. */
  readonly oddColumns: readonly OddCells[];
  /** Columns that the table does not have, and values that are lists or objects: all count as missing. */
  readonly absences: Absences;
}

/** Some problems of one sort. */
export interface Absences {
  readonly count: number;
  /** The first ones, in words. */
  readonly examples: readonly string[];
}

/** Absences that are told in words. */
const TOLD_ABSENCES = 10;

/**
 * Reads the table at `path` row by row and adds up what a statistics plan asks for. Whether it throws depends on the file
 * alone and never on what the plan asks: a plan could ask of which values a site has none. So a number outside its range
 * counts as the range's nearer end, and any other cell or column that is not what the plan says as missing. Throws
 * {@link ClientError}: `bad-data` for a file that is no such table, and for one of fewer than two rows; `unreadable` where
 * the system refuses; the signal's reason when aborted.
 */
export async function readStatistics(
  path: string,
  { model, data }: StatisticsPlan,
  signal: AbortSignal,
): Promise<SiteStatistics> {
  const { columns } = model.config;
  const tally = new StatisticsTally(columns);
  const examples: string[] = [];
  let count = 0;
  const tolerate = ({ message }: ClientError): void => {
    count++;
    if (examples.length < TOLD_ABSENCES) examples.push(message);
  };
  const names = columns.map(({ column }) => column);
  const source = { path, columns: names, report: refuseAll, tolerate };
  await readTable(data.format, source, (cells) => tally.add(cells), signal);
  const { rows, oddColumns } = tally;
  if (rows < 2) throw new ClientError("bad-data", `${path} has ${rows} rows, wanted 2 or more`);
  return { rows, means: tally.means(), oddColumns, absences: { count, examples } };
}
