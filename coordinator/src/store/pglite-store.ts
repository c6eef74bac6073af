import { bytesToHex, type RandomSource } from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import { Database, type Sql } from "./database/database.ts";
import { appendEvent, readEvents } from "./event-log.ts";
import type { StoreEvent } from "./events.ts";
import { setSeen } from "./last-seen.ts";
import { migrate } from "./migrations.ts";
import {
  checkCompletion,
  checkEnrolment,
  checkNewAttempt,
  checkNewEvidence,
  checkNewRun,
  checkOpenAttempt,
  isNewCommit,
  runningRun,
} from "./preconditions.ts";
import { federationSchema, storableText } from "./records.ts";
import {
  attemptOf,
  committedRoundOf,
  evidenceOf,
  participantOf,
  recordOf,
  roundOf,
  runOf,
} from "./rows.ts";
import {
  type AttemptRecord,
  type EventRecord,
  type EvidenceRecord,
  type EvidenceRow,
  type Federation,
  type Hash,
  type NewRun,
  type ParticipantRecord,
  type RoundCommit,
  type RoundResult,
  type RoundRow,
  type RunRecord,
  type Store,
  StoreError,
} from "./store.ts";
import { tables } from "./tables.ts";
import { verifyDatabase } from "./verify.ts";

/** Rounds are numbered with 32 bits. */
const allRounds = { after: 0, limit: 2 ** 32 };

/** How a store is opened. */
export interface StoreOptions {
  /**
   * The store's own folder, created at first; nobody else may have it open (see `openDataDirectory`).
   * Undefined: in memory, gone when closed.
   */
  readonly directory: string | undefined;
  /** Nothing is made: a folder without a store is `damaged`. */
  readonly mustExist?: boolean;
  /** Of the federation that is wanted. Undefined: whichever is there; a new one is called "federation". */
  readonly federationName: string | undefined;
  /** Times the log's entries. */
  readonly clock: Pick<Clock, "now">;
  /** Draws the federation's id. */
  readonly random: RandomSource;
}

/**
 * Opens the store, making a federation at first. Takes half a second, several at first. Throws {@link StoreError}
 * `newer-schema`, `damaged`, `unwritable`, and `conflict` when the folder is another federation's.
 */
export async function openStore(options: StoreOptions, signal: AbortSignal): Promise<PgliteStore> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await Database.open(options.directory, signal, options));
  const store = await PgliteStore.over(database, options);
  signal.throwIfAborted();
  stack.move();
  return store;
}

/** The store on an embedded PostgreSQL. */
export class PgliteStore implements Store {
  readonly federation: Federation;
  readonly #database: Database;
  readonly #clock: Pick<Clock, "now">;

  private constructor(federation: Federation, database: Database, clock: Pick<Clock, "now">) {
    this.federation = federation;
    this.#database = database;
    this.#clock = clock;
  }

  /** A store over an open database, which it owns from then on. */
  static async over(
    database: Database,
    options: Omit<StoreOptions, "directory">,
  ): Promise<PgliteStore> {
    await migrate(database);
    const federation = await openFederation(database, options);
    return new PgliteStore(federation, database, options.clock);
  }

  enrol(participant: ParticipantRecord): Promise<void> {
    return this.#database.change(async (sql) => {
      await checkEnrolment(sql, participant);
      await this.#append(sql, { kind: "participant-enrolled", body: participant });
      await setSeen(sql, participant.participantId, participant);
    });
  }

  touchParticipant(
    participantId: string,
    seen: { lastSeenMs: number; backend: string; softwareVersion: string },
  ): Promise<void> {
    return this.#database.change(async (sql) => {
      // Sparing the sync: after a restart participants say it again.
      await sql.query("SET LOCAL synchronous_commit TO off");
      await setSeen(sql, participantId, seen);
    });
  }

  async participant(participantId: string): Promise<ParticipantRecord | undefined> {
    const text = "SELECT * FROM participants WHERE participant_id = $1";
    const [row] = await this.#database.query(text, [participantId]);
    return row === undefined ? undefined : participantOf(row);
  }

  async participants(): Promise<readonly ParticipantRecord[]> {
    const text = 'SELECT * FROM participants ORDER BY name COLLATE "C"';
    const rows = await this.#database.query(text);
    return rows.map(participantOf);
  }

  createRun(run: NewRun): Promise<void> {
    return this.#record({ kind: "run-created", body: run }, (sql) => checkNewRun(sql, run));
  }

  endRun(runId: Hash, status: "completed" | "stopped", endedAtMs: number): Promise<void> {
    const body = { runId, status, endedAtMs };
    return this.#record({ kind: "run-ended", body }, (sql) => runningRun(sql, runId));
  }

  run(runId: Hash): Promise<RunRecord | undefined> {
    return this.#runOf("$1", runId);
  }

  async runs(): Promise<readonly RunRecord[]> {
    const rows = await this.#database.query("SELECT * FROM runs ORDER BY sequence DESC");
    return rows.map(runOf);
  }

  startAttempt(attempt: AttemptRecord): Promise<void> {
    const event: StoreEvent = { kind: "attempt-started", body: attempt };
    return this.#record(event, (sql) => checkNewAttempt(sql, attempt));
  }

  abandonAttempt(roundId: Hash, reason: string, atMs: number): Promise<void> {
    const body = { roundId, reason: storableText(reason), endedAtMs: atMs };
    return this.#record({ kind: "attempt-abandoned", body }, (sql) =>
      checkOpenAttempt(sql, roundId),
    );
  }

  async openAttempts(): Promise<readonly AttemptRecord[]> {
    const rows = await this.#database.query(
      "SELECT * FROM attempts WHERE outcome = 'open' ORDER BY started_at_ms, round_id",
    );
    return rows.map(attemptOf);
  }

  async attempts(runId: Hash, round: number): Promise<{ count: number; lastReason: string }> {
    const rows = await this.#database.query(
      "SELECT outcome, reason FROM attempts WHERE run_id = $1 AND round = $2 ORDER BY attempt",
      [runId, round],
    );
    const last = rows.findLast(({ outcome }) => outcome === "abandoned");
    return { count: rows.length, lastReason: String(last?.["reason"] ?? "") };
  }

  completeRound(result: RoundResult): Promise<void> {
    const event: StoreEvent = { kind: "round-completed", body: result };
    return this.#record(event, (sql) => checkCompletion(sql, result));
  }

  async rounds(
    runId: Hash,
    { after, limit }: { readonly after: number; readonly limit: number } = allRounds,
  ): Promise<readonly RoundRow[]> {
    const rows = await this.#database.query(
      `SELECT rounds.*, entry, transaction_hash, block_number
       FROM rounds LEFT JOIN commits USING (run_id, round)
       WHERE run_id = $1 AND round > $2 ORDER BY round LIMIT $3`,
      [runId, after, limit],
    );
    return rows.map(committedRoundOf);
  }

  async completedRound(roundId: Hash): Promise<RoundResult | undefined> {
    const text = "SELECT * FROM rounds WHERE round_id = $1";
    const [row] = await this.#database.query(text, [roundId]);
    return row === undefined ? undefined : roundOf(row);
  }

  runOfModel(modelHash: Hash): Promise<RunRecord | undefined> {
    return this.#runOf("(SELECT run_id FROM rounds WHERE model_hash = $1 LIMIT 1)", modelHash);
  }

  async wasAbandoned(roundId: Hash): Promise<boolean> {
    const text = "SELECT 1 FROM attempts WHERE round_id = $1 AND outcome = 'abandoned'";
    return (await this.#database.query(text, [roundId])).length > 0;
  }

  recordEvidence(evidence: EvidenceRecord): Promise<void> {
    const event: StoreEvent = { kind: "evidence-recorded", body: evidence };
    return this.#record(event, (sql) => checkNewEvidence(sql, evidence));
  }

  async evidence(runId: Hash, limit: number): Promise<readonly EvidenceRow[]> {
    const rows = await this.#database.query(
      `SELECT evidence.*, round, attempt, name
       FROM evidence JOIN attempts USING (round_id) JOIN participants USING (participant_id)
       WHERE run_id = $1 ORDER BY evidence.sequence DESC LIMIT $2`,
      [runId, limit],
    );
    return rows.map(evidenceOf);
  }

  async outbox(): Promise<readonly RoundResult[]> {
    const rows = await this.#database.query(
      `SELECT rounds.* FROM rounds LEFT JOIN commits USING (run_id, round)
       WHERE entry IS NULL ORDER BY sequence`,
    );
    return rows.map(roundOf);
  }

  recordCommit(commit: RoundCommit): Promise<void> {
    return this.#database.change(async (sql) => {
      if (await isNewCommit(sql, commit))
        await this.#append(sql, { kind: "round-committed", body: commit });
    });
  }

  events(): AsyncIterable<EventRecord> {
    return readEvents(this.#database);
  }

  verify(signal: AbortSignal): Promise<void> {
    return verifyDatabase(this.#database, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]();
  }

  #record(event: StoreEvent, check: (sql: Sql) => Promise<unknown>): Promise<void> {
    return this.#database.change(async (sql) => {
      await check(sql);
      await this.#append(sql, event);
    });
  }

  async #runOf(id: string, value: Hash): Promise<RunRecord | undefined> {
    const [row] = await this.#database.query(`SELECT * FROM runs WHERE run_id = ${id}`, [value]);
    return row === undefined ? undefined : runOf(row);
  }

  #append(sql: Sql, event: StoreEvent): Promise<void> {
    return appendEvent(sql, this.#clock.now(), event);
  }
}

async function openFederation(
  database: Database,
  { federationName: name, clock, random }: Omit<StoreOptions, "directory">,
): Promise<Federation> {
  const [row] = await database.query("SELECT * FROM federation");
  if (row !== undefined) {
    const known = recordOf(federationSchema, row, tables.federation.describe);
    if (name === undefined || known.name === name) return known;
    const names = `this is the store of the federation ${known.name}, not of ${name}`;
    throw new StoreError("conflict", `${names}: choose another directory, or that name`);
  }
  const id = new Uint8Array(32);
  random.fill(id);
  const federation = { federationId: bytesToHex(id, 32), name: name ?? "federation" };
  await database.change((sql) =>
    appendEvent(sql, clock.now(), { kind: "federation-created", body: federation }),
  );
  return federation;
}
