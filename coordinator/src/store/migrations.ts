import type { Database, Sql } from "./database/database.ts";
import { StoreError } from "./store.ts";

/**
 * The schema, one step a version. Steps are only ever added: a released one is on disks. The events are the truth and
 * the other tables are made from them, which is why those refer to nothing and constrain little: `verify` compares.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE events (
      sequence bigint PRIMARY KEY,
      at_ms bigint NOT NULL,
      kind text NOT NULL,
      body text NOT NULL,
      hash text NOT NULL
    )`,
    `CREATE TABLE federation (
      federation_id text PRIMARY KEY,
      name text NOT NULL
    )`,
    `CREATE TABLE participants (
      participant_id text PRIMARY KEY,
      name text NOT NULL UNIQUE,
      identity_key text NOT NULL,
      enrolled_at_ms bigint NOT NULL,
      backend text NOT NULL DEFAULT '',
      software_version text NOT NULL DEFAULT '',
      last_seen_ms bigint NOT NULL DEFAULT 0
    )`,
    `CREATE TABLE runs (
      run_id text PRIMARY KEY,
      sequence bigint NOT NULL,
      name text NOT NULL,
      status text NOT NULL,
      plan text NOT NULL,
      plan_hash text NOT NULL,
      planned_rounds bigint NOT NULL,
      completed_rounds bigint NOT NULL,
      initial_model_hash text NOT NULL,
      model_hash text NOT NULL,
      strategy_state_hash text NOT NULL,
      started_at_ms bigint NOT NULL,
      ended_at_ms bigint NOT NULL
    )`,
    `CREATE TABLE attempts (
      round_id text PRIMARY KEY,
      run_id text NOT NULL,
      round bigint NOT NULL,
      attempt bigint NOT NULL,
      started_at_ms bigint NOT NULL,
      outcome text NOT NULL,
      reason text NOT NULL,
      ended_at_ms bigint NOT NULL,
      UNIQUE (run_id, round, attempt)
    )`,
    `CREATE TABLE rounds (
      run_id text NOT NULL,
      round bigint NOT NULL,
      sequence bigint NOT NULL,
      round_id text NOT NULL,
      attempts bigint NOT NULL,
      parent_model_hash text NOT NULL,
      model_hash text NOT NULL,
      strategy_state_hash text NOT NULL,
      updates_root text NOT NULL,
      cohort bigint NOT NULL,
      survivors bigint NOT NULL,
      started_at_ms bigint NOT NULL,
      ended_at_ms bigint NOT NULL,
      phases text NOT NULL,
      received_bytes bigint NOT NULL,
      sent_bytes bigint NOT NULL,
      training_examples bigint NOT NULL,
      evaluation_examples bigint NOT NULL,
      evaluation_correct bigint NOT NULL,
      evaluation_loss double precision NOT NULL,
      PRIMARY KEY (run_id, round)
    )`,
    `CREATE TABLE commits (
      run_id text NOT NULL,
      round bigint NOT NULL,
      entry text NOT NULL,
      transaction_hash text NOT NULL,
      block_number bigint NOT NULL,
      PRIMARY KEY (run_id, round)
    )`,
  ],
  [
    `CREATE TABLE evidence (
      round_id text NOT NULL,
      participant_id text NOT NULL,
      kind text NOT NULL,
      sequence bigint NOT NULL,
      step text NOT NULL,
      taken_digest text NOT NULL,
      refused_digest text NOT NULL,
      taken_signature text NOT NULL,
      refused_signature text NOT NULL,
      refusals bigint NOT NULL,
      first_at_ms bigint NOT NULL,
      PRIMARY KEY (round_id, participant_id, kind)
    )`,
  ],
  ["ALTER TABLE rounds ADD COLUMN transcript_hash text NOT NULL DEFAULT ''"],
];

/** The schema that this program writes. */
export const schemaVersion: number = migrations.length;

/**
 * Brings the tables to {@link schemaVersion}, all steps in one transaction. Throws {@link StoreError} `newer-schema`,
 * having changed nothing, when a newer program has written here.
 */
export async function migrate(database: Database): Promise<void> {
  const found = await foundVersion(database);
  if (found > schemaVersion) {
    const versions = `the store has schema ${found}, this program knows up to ${schemaVersion}`;
    throw new StoreError("newer-schema", `${versions}: run the newer program that wrote it`);
  }
  if (found < schemaVersion) await database.change((sql) => apply(sql, found));
}

/** 0 for an empty database. */
async function foundVersion(sql: Sql): Promise<number> {
  const tables = await sql.query("SELECT 1 FROM pg_tables WHERE tablename = 'schema_versions'");
  if (tables.length === 0) return 0;
  const [row] = await sql.query("SELECT max(version) AS version FROM schema_versions");
  return Number(row?.["version"] ?? 0);
}

async function apply(sql: Sql, found: number): Promise<void> {
  if (found === 0) await sql.query("CREATE TABLE schema_versions (version bigint PRIMARY KEY)");
  for (const [index, migration] of migrations.entries()) {
    if (index < found) continue;
    for (const statement of migration) await sql.query(statement);
    await sql.query("INSERT INTO schema_versions VALUES ($1)", [index + 1]);
  }
}

/** Throws {@link StoreError} `damaged` unless the table of versions says exactly what {@link migrate} wrote. */
export async function checkVersions(sql: Sql): Promise<void> {
  const rows = await sql.query("SELECT version FROM schema_versions ORDER BY version");
  const found = rows.map(({ version }) => String(version)).join(", ");
  const wanted = migrations.map((_, index) => index + 1).join(", ");
  if (found !== wanted)
    throw new StoreError("damaged", `schema_versions has the rows ${found}, wanted ${wanted}`);
}
