import { seededRandom } from "@chorus/aggregation";
import type { Clock } from "../../clock.ts";
import { openStore } from "../../store/pglite-store.ts";
import type { Hash, RoundResult, Store } from "../../store/store.ts";

/** 64 times the digit. */
export function hash(digit: string): Hash {
  return digit.repeat(64);
}

/** The run of a store that was not told its runs. */
export const runId: Hash = hash("a");

/** A store in memory whose runs have so many rounds, none of them committed. */
export async function storeWithRounds(
  clock: Clock,
  rounds: number,
  runs: readonly Hash[] = [runId],
): Promise<Store> {
  const store = await openStore(
    { directory: undefined, federationName: "test", clock, random: seededRandom("federation") },
    AbortSignal.timeout(60_000),
  );
  for (const run of runs) {
    await store.createRun({
      runId: run,
      name: "test",
      plan: "{}",
      planHash: hash("b"),
      plannedRounds: 9,
      initialModelHash: hash("1"),
      startedAtMs: 1,
    });
  }
  for (let round = 1; round <= rounds; round++)
    for (const run of runs) await addRound(store, run, round);
  return store;
}

/** Completes a run's next round. */
export async function addRound(store: Store, run: string, round: number): Promise<void> {
  const { roundId } = resultOf(round, run);
  await store.startAttempt({ roundId, runId: run, round, attempt: 1, startedAtMs: round });
  await store.completeRound(resultOf(round, run));
}

/** What a round of a run leaves; its records follow each other. */
export function resultOf(round: number, run: Hash = runId): RoundResult {
  return {
    roundId: `${run.slice(0, 32)}${hash(String(round)).slice(0, 32)}`,
    runId: run,
    round,
    attempts: 1,
    parentModelHash: hash(String(round)),
    modelHash: hash(String(round + 1)),
    strategyStateHash: "",
    transcriptHash: "",
    updatesRoot: hash("c"),
    cohort: 3,
    survivors: 3,
    startedAtMs: round,
    endedAtMs: round,
    phases: [],
    receivedBytes: 0,
    sentBytes: 0,
    trainingExamples: 3,
    evaluationExamples: 0,
    evaluationCorrect: 0,
    evaluationLoss: 0,
  };
}
