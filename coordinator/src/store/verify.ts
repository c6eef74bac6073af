import type { Database, Row, Sql } from "./database/database.ts";
import { eventOf, readVerifiedEvents } from "./event-log.ts";
import { checkVersions } from "./migrations.ts";
import { Replay } from "./replay.ts";
import { StoreError } from "./store.ts";
import { keyOf, type TableName, tables } from "./tables.ts";

/** What participants told last is not in the log. */
const unloggedColumns: ReadonlySet<string> = new Set([
  "backend",
  "software_version",
  "last_seen_ms",
]);

/**
 * Recomputes every hash of the log, makes the tables anew from the events, in memory, and compares them with those in
 * the database. Throws {@link StoreError} `damaged` for the first thing that does not hold: it names the event, or the
 * row and the column with both values. So a flipped bit of any stored value is found. Somebody who rewrites the log
 * from an event on to its end is not: that is what the ledger is for. Other changes wait meanwhile.
 */
export function verifyDatabase(database: Database, signal: AbortSignal): Promise<void> {
  return database.read(async (sql) => {
    await checkVersions(sql);
    const replay = new Replay();
    for await (const event of readVerifiedEvents(sql, signal))
      replay.apply(eventOf(event), event.sequence);
    for (const name of tableNames) await compareTable(sql, name, replay.rows(name));
  });
}

const tableNames: readonly TableName[] = [
  "federation",
  "participants",
  "runs",
  "attempts",
  "rounds",
  "commits",
  "evidence",
];

async function compareTable(
  sql: Sql,
  name: TableName,
  logged: ReadonlyMap<string, Row>,
): Promise<void> {
  const { describe } = tables[name];
  const rows = await sql.query(`SELECT * FROM ${name}`);
  const found = new Map(rows.map((row) => [keyOf(name, row), row]));
  for (const [key, row] of logged) {
    const stored = found.get(key);
    if (stored === undefined) throw damaged(`${describe(row)} is in the log, but not in ${name}`);
    compareRows(describe(row), stored, row);
  }
  for (const [key, row] of found)
    if (!logged.has(key)) throw damaged(`${describe(row)} is in ${name}, but not in the log`);
}

function compareRows(label: string, stored: Row, logged: Row): void {
  for (const [column, value] of Object.entries(stored)) {
    if (unloggedColumns.has(column) || value === logged[column]) continue;
    const [inTable, inLog] = excerpts(String(value), String(logged[column]));
    throw damaged(`${label}: ${column} in the table is ${inTable}, the log says ${inLog}`);
  }
}

const excerptLength = 80;

/** Two texts that differ, long ones cut to where they begin to. */
function excerpts(one: string, other: string): readonly [string, string] {
  if (one.length <= excerptLength && other.length <= excerptLength) return [one, other];
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  const from = Math.max(0, start - excerptLength / 2);
  const excerpt = (text: string) => `…${text.slice(from, from + excerptLength)}…`;
  return [`${excerpt(one)} at character ${start + 1}`, excerpt(other)];
}

function damaged(message: string): StoreError {
  return new StoreError("damaged", message);
}
