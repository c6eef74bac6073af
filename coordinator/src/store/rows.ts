import { z } from "zod";
import type { Row } from "./database/database.ts";
import {
  attemptSchema,
  commitSchema,
  evidenceRowSchema,
  participantSchema,
  roundSchema,
  runSchema,
} from "./records.ts";
import {
  type AttemptRecord,
  type EvidenceRow,
  type ParticipantRecord,
  type RoundResult,
  type RoundRow,
  type RunRecord,
  StoreError,
} from "./store.ts";
import { fieldsOf, tables } from "./tables.ts";

/**
 * A row as a record. A value that no record can have (a number beyond 2^53, a hash of another length) is a
 * {@link StoreError} `damaged` that names the row and the column.
 */
export function recordOf<T>(schema: z.ZodType<T>, row: Row, describe: (row: Row) => string): T {
  const { success, data, error } = schema.safeParse(fieldsOf(row));
  if (success) return data;
  throw new StoreError("damaged", `${describe(row)} does not hold: ${z.prettifyError(error)}`);
}

/** A row of `participants`. */
export function participantOf(row: Row): ParticipantRecord {
  return recordOf(participantSchema, row, tables.participants.describe);
}

/** A row of `runs`. */
export function runOf(row: Row): RunRecord {
  return recordOf(runSchema, row, tables.runs.describe);
}

/** A row of `attempts`. */
export function attemptOf(row: Row): AttemptRecord {
  return recordOf(attemptSchema, row, tables.attempts.describe);
}

/** A row of `rounds`. */
export function roundOf(row: Row): RoundResult {
  return recordOf(roundSchema, { ...row, phases: listOf(row, "phases") }, tables.rounds.describe);
}

/** A row of `rounds` joined with its row of `commits`, whose columns are null for a round that has none. */
export function committedRoundOf(row: Row): RoundRow {
  const { entry } = row;
  const commit = entry === null ? undefined : recordOf(commitSchema, row, tables.commits.describe);
  return { ...roundOf(row), commit };
}

/** A row of `evidence` joined with its attempt and its participant. */
export function evidenceOf(row: Row): EvidenceRow {
  return recordOf(evidenceRowSchema, row, tables.evidence.describe);
}

/** A column that holds JSON. What is no JSON is left as it is, for the schema to refuse. */
function listOf(row: Row, column: string): unknown {
  const text = row[column];
  try {
    return JSON.parse(String(text));
  } catch {
    return text;
  }
}
