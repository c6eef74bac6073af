import { canonicalJson } from "@chorus/aggregation";
import type { Row, Sql, Value } from "./database/database.ts";

/** The tables that are made from the events. */
export type TableName =
  | "federation"
  | "participants"
  | "runs"
  | "attempts"
  | "rounds"
  | "commits"
  | "evidence";

/** A new row, or new values for the row with the fields' key. Fields are named as in the records, in camel case. */
export type Change =
  | { readonly insertInto: TableName; readonly fields: object }
  | { readonly update: TableName; readonly fields: object };

/** What tells the rows of a table apart, and how a person is told which row is meant. */
export interface Table {
  readonly key: readonly string[];
  describe(row: Row): string;
}

export const tables: Readonly<Record<TableName, Table>> = {
  federation: { key: ["federation_id"], describe: () => "the federation" },
  participants: {
    key: ["participant_id"],
    describe: ({ participant_id, name }) => `participant ${participant_id} (${name})`,
  },
  runs: { key: ["run_id"], describe: ({ run_id, name }) => `run ${short(run_id)} (${name})` },
  attempts: {
    key: ["round_id"],
    describe: ({ attempt, round, run_id, round_id }) =>
      `attempt ${attempt} at round ${round} of run ${short(run_id)} (${short(round_id)})`,
  },
  rounds: {
    key: ["run_id", "round"],
    describe: ({ round, run_id }) => `round ${round} of run ${short(run_id)}`,
  },
  commits: {
    key: ["run_id", "round"],
    describe: ({ round, run_id }) => `the commit of round ${round} of run ${short(run_id)}`,
  },
  evidence: {
    key: ["round_id", "participant_id", "kind"],
    describe: ({ kind, participant_id, round_id }) =>
      `the ${kind} of participant ${participant_id} in attempt ${short(round_id)}`,
  },
};

/** The first digits of a hash. */
export function short(hash: unknown): string {
  return `${String(hash).slice(0, 12)}…`;
}

/** A record's fields as columns: `runId` is `run_id`, and a list is its canonical JSON. */
export function rowOf(fields: object): Readonly<Record<string, Value>> {
  const entries: [string, Value | readonly object[]][] = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([field, value]) => [
      field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === "object" ? canonicalJson(value) : value,
    ]),
  );
}

/** A row's columns as a record's fields: the inverse of {@link rowOf}, except that lists stay JSON. */
export function fieldsOf(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

/** The text under which a row is found: its key's values. */
export function keyOf(table: TableName, row: Row): string {
  return tables[table].key.map((column) => String(row[column])).join(" ");
}

/** Applies a change to the database. A plain error if there is no row to update: the caller has checked. */
export async function applyChange(sql: Sql, change: Change): Promise<void> {
  const row = rowOf(change.fields);
  const columns = Object.keys(row);
  const values = Object.values(row);
  if ("insertInto" in change) {
    const places = columns.map((_, index) => `$${index + 1}`).join(", ");
    const text = `INSERT INTO ${change.insertInto} (${columns.join(", ")}) VALUES (${places})`;
    await sql.query(text, values);
    return;
  }
  const { key } = tables[change.update];
  const term = (column: string) => `${column} = $${columns.indexOf(column) + 1}`;
  const set = columns.filter((column) => !key.includes(column)).map(term);
  const where = key.map(term).join(" AND ");
  const text = `UPDATE ${change.update} SET ${set.join(", ")} WHERE ${where} RETURNING 1`;
  const updated = await sql.query(text, values);
  if (updated.length !== 1)
    throw new Error(`${updated.length} rows of ${change.update} were updated, wanted 1`);
}
