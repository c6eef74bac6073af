import { seededRandom } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { Database } from "./database/database.ts";
import { PgliteStore } from "./pglite-store.ts";
import { completeNextRound, sampleRun } from "./testing/sample-records.ts";

const { signal } = new AbortController();

test("a store of the first version opens with all that it held, and takes what came later", async () => {
  const database = await Database.open(undefined, signal);
  const clock = { now: () => 1_700_000_000_000 };
  const options = { federationName: "old", clock, random: seededRandom("migrations.test") };
  await using old = await PgliteStore.over(database, options);
  const { runId } = sampleRun("old");
  await old.createRun(sampleRun("old"));
  await completeNextRound(old, runId);
  // What the second version added.
  await database.change(async (sql) => {
    await sql.query("DROP TABLE evidence");
    await sql.query("DELETE FROM schema_versions WHERE version = 2");
  });
  const reopened = await PgliteStore.over(database, options);
  expect(await reopened.rounds(runId)).toHaveLength(1);
  expect(await reopened.evidence(runId, 10)).toEqual([]);
  await reopened.verify(signal);
});
