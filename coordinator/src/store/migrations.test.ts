import { seededRandom } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { Database } from "./database/database.ts";
import { parseEvent } from "./events.ts";
import { PgliteStore } from "./pglite-store.ts";
import { sampleAttempt, sampleResult, sampleRun } from "./testing/sample-records.ts";

const { signal } = new AbortController();

test("a store of the first version opens with all that it held, and takes what came later", async () => {
  const database = await Database.open(undefined, signal);
  const clock = { now: () => 1_700_000_000_000 };
  const options = { federationName: "old", clock, random: seededRandom("migrations.test") };
  await using old = await PgliteStore.over(database, options);
  const { runId, initialModelHash } = sampleRun("old");
  await old.createRun(sampleRun("old"));
  const attempt = sampleAttempt(runId, 1, 1);
  await old.startAttempt(attempt);
  await old.completeRound({ ...sampleResult(attempt, initialModelHash), transcriptHash: "" });
  // What later versions added.
  await database.change(async (sql) => {
    await sql.query("DROP TABLE evidence");
    await sql.query("ALTER TABLE rounds DROP COLUMN transcript_hash");
    await sql.query("DELETE FROM schema_versions WHERE version > 1");
  });
  const reopened = await PgliteStore.over(database, options);
  expect(await reopened.rounds(runId)).toMatchObject([{ round: 1, transcriptHash: "" }]);
  expect(await reopened.evidence(runId, 10)).toEqual([]);
  await reopened.verify(signal);
});

test("a completed round of the first version, whose event tells of no transcript, has none", () => {
  const attempt = sampleAttempt(sampleRun("old").runId, 1, 1);
  const { transcriptHash: _, ...body } = sampleResult(attempt, attempt.roundId);
  const event = parseEvent({ kind: "round-completed", body });
  expect(event.body).toEqual({ ...body, transcriptHash: "" });
});
