import type { Sql } from "./database/database.ts";
import { runOf } from "./rows.ts";
import {
  type AttemptRecord,
  type EvidenceRecord,
  type Hash,
  type NewRun,
  type ParticipantRecord,
  type RoundCommit,
  type RoundResult,
  type RunRecord,
  StoreError,
  type StoreErrorCode,
} from "./store.ts";
import { short } from "./tables.ts";

// What must hold before an event is appended. Each throws a StoreError and changes nothing.

/** `duplicate` when the id or the name is taken. */
export async function checkEnrolment(sql: Sql, participant: ParticipantRecord): Promise<void> {
  const { participantId, name } = participant;
  const [taken] = await sql.query(
    "SELECT participant_id, name FROM participants WHERE participant_id = $1 OR name = $2",
    [participantId, name],
  );
  if (taken === undefined) return;
  const what = taken["participant_id"] === participantId ? `id ${participantId}` : `name ${name}`;
  throw new StoreError("duplicate", `the ${what} is enrolled already`);
}

/** `duplicate` for a known id. */
export async function checkNewRun(sql: Sql, { runId }: NewRun): Promise<void> {
  const known = await sql.query("SELECT 1 FROM runs WHERE run_id = $1", [runId]);
  check(known.length === 0, "duplicate", `there is a run ${short(runId)} already`);
}

/** The run, which must be running: `unknown`, `wrong-status`. */
export async function runningRun(sql: Sql, runId: Hash): Promise<RunRecord> {
  const [row] = await sql.query("SELECT * FROM runs WHERE run_id = $1", [runId]);
  if (row === undefined) throw new StoreError("unknown", `there is no run ${short(runId)}`);
  const run = runOf(row);
  check(
    run.status === "running",
    "wrong-status",
    `run ${short(runId)} is ${run.status}, not running`,
  );
  return run;
}

/** `unknown`, `wrong-status`, `wrong-round`, `duplicate`. */
export async function checkNewAttempt(sql: Sql, attempt: AttemptRecord): Promise<void> {
  const { runId, round, roundId } = attempt;
  checkNextRound(await runningRun(sql, runId), round);
  const known = await sql.query("SELECT 1 FROM attempts WHERE round_id = $1", [roundId]);
  check(known.length === 0, "duplicate", `there is an attempt ${short(roundId)} already`);
  const earlier = await sql.query("SELECT 1 FROM attempts WHERE run_id = $1 AND round = $2", [
    runId,
    round,
  ]);
  const next = earlier.length + 1;
  const said = `attempt ${attempt.attempt} at round ${round}`;
  check(attempt.attempt === next, "wrong-round", `got ${said}, the next attempt is ${next}`);
}

/** `unknown`, `wrong-status`. */
export async function checkOpenAttempt(sql: Sql, roundId: Hash): Promise<void> {
  const [row] = await sql.query("SELECT outcome FROM attempts WHERE round_id = $1", [roundId]);
  if (row === undefined) throw new StoreError("unknown", `there is no attempt ${short(roundId)}`);
  const outcome = String(row["outcome"]);
  check(outcome === "open", "wrong-status", `attempt ${short(roundId)} is ${outcome}, not open`);
}

/** `unknown`, `wrong-status`, `wrong-round`. */
export async function checkCompletion(sql: Sql, result: RoundResult): Promise<void> {
  const { runId, round, roundId, attempts, parentModelHash } = result;
  const run = await runningRun(sql, runId);
  checkNextRound(run, round);
  const parent = `the parent is model ${short(parentModelHash)}, the run's is ${short(run.modelHash)}`;
  check(parentModelHash === run.modelHash, "wrong-round", parent);
  await checkOpenAttempt(sql, roundId);
  const [own] = await sql.query(
    "SELECT 1 FROM attempts WHERE round_id = $1 AND run_id = $2 AND round = $3 AND attempt = $4",
    [roundId, runId, round, attempts],
  );
  const said = `attempt ${attempts} at round ${round} of run ${short(runId)}`;
  check(own !== undefined, "wrong-round", `${short(roundId)} is not ${said}`);
}

/** `unknown`, `duplicate`. */
export async function checkNewEvidence(sql: Sql, evidence: EvidenceRecord): Promise<void> {
  const { roundId, participantId, kind } = evidence;
  const attempts = await sql.query("SELECT 1 FROM attempts WHERE round_id = $1", [roundId]);
  check(attempts.length === 1, "unknown", `there is no attempt ${short(roundId)}`);
  const text = "SELECT 1 FROM participants WHERE participant_id = $1";
  const participants = await sql.query(text, [participantId]);
  check(participants.length === 1, "unknown", `there is no participant ${participantId}`);
  const known = await sql.query(
    "SELECT 1 FROM evidence WHERE round_id = $1 AND participant_id = $2 AND kind = $3",
    [roundId, participantId, kind],
  );
  const said = `the ${kind} of participant ${participantId} in attempt ${short(roundId)}`;
  check(known.length === 0, "duplicate", `${said} is recorded already`);
}

/** Whether a commit is new: `unknown` for a round that is not completed, `conflict` with another entry. */
export async function isNewCommit(sql: Sql, commit: RoundCommit): Promise<boolean> {
  const { runId, round, entry } = commit;
  const [row] = await sql.query(
    `SELECT commits.entry FROM rounds LEFT JOIN commits USING (run_id, round)
     WHERE run_id = $1 AND round = $2`,
    [runId, round],
  );
  const label = `round ${round} of run ${short(runId)}`;
  if (row === undefined) throw new StoreError("unknown", `there is no completed ${label}`);
  const known = row["entry"];
  const refusal = `${label} is on the ledger as ${known}, got ${entry}`;
  check(known === null || known === entry, "conflict", refusal);
  return known === null;
}

function checkNextRound(run: RunRecord, round: number): void {
  const next = run.completedRounds + 1;
  const said = `got round ${round} of run ${short(run.runId)}, the next is ${next} of ${run.plannedRounds}`;
  check(round === next && round <= run.plannedRounds, "wrong-round", said);
}

function check(holds: boolean, code: StoreErrorCode, message: string): void {
  if (!holds) throw new StoreError(code, message);
}
