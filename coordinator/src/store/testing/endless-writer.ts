import { writeSync } from "node:fs";
import { systemRandom } from "@chorus/aggregation";
import { openStore } from "../pglite-store.ts";
import { completeNextRound, sampleRun, startNextAttempt } from "./sample-records.ts";

// A process to be killed: writes into the store named by its argument for ever, and says what was acknowledged.

const options = { directory: process.argv[2], federationName: "killed", random: systemRandom };
const clock = { now: () => Date.now() };
const store = await openStore({ ...options, clock }, new AbortController().signal);
const run = sampleRun("endless", 1_000_000);
if ((await store.run(run.runId)) === undefined) await store.createRun(run);
for (;;) {
  const { roundId } = await startNextAttempt(store, run.runId);
  acknowledge("attempt-started", roundId);
  await store.abandonAttempt(roundId, "to have one abandoned", Date.now());
  acknowledge("attempt-abandoned", roundId);
  const completed = await completeNextRound(store, run.runId);
  acknowledge("round-completed", completed.roundId);
}

function acknowledge(kind: string, roundId: string): void {
  writeSync(1, `${kind} ${roundId}\n`);
}
