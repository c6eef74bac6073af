import type { StatisticsPlan } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { refuseAll } from "./report.ts";
import { StatisticsTally } from "./statistics-tally.ts";
import { readTable } from "./table.ts";

/** What a site tells of its table, and only ever in a masked sum. */
export interface SiteStatistics {
  /** Rows of the table. */
  readonly rows: number;
  /** Means over the rows, in the order of the plan's model. Shape `[parameters]`, all in [-1, 1]. */
  readonly means: Float32Array;
}

/**
 * Reads the table at `path` row by row and adds up what a statistics plan asks for. Throws {@link ClientError}: `bad-data`,
 * naming file, line and column, for a cell that is not what the plan says, as is a number outside its range, and for a
 * table of fewer than two rows; `unreadable` where the system refuses; the signal's reason when aborted.
 */
export async function readStatistics(
  path: string,
  { model, data }: StatisticsPlan,
  signal: AbortSignal,
): Promise<SiteStatistics> {
  const { columns } = model.config;
  const tally = new StatisticsTally(columns);
  const source = { path, columns: columns.map(({ column }) => column), report: refuseAll };
  await readTable(data.format, source, (cells) => tally.add(cells), signal);
  if (tally.rows < 2)
    throw new ClientError("bad-data", `${path} has ${tally.rows} rows, wanted 2 or more`);
  return { rows: tally.rows, means: tally.means() };
}
