import { setImmediate } from "node:timers/promises";
import { seededRandom } from "@chorus/aggregation";
import { type Ledger, LedgerError, MemoryLedger } from "@chorus/chain";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createRegistry, LedgerMetrics } from "../metrics.ts";
import { RunFeed } from "../runs/feed.ts";
import { openStore } from "../store/pglite-store.ts";
import type { RoundResult, Store } from "../store/store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { Committer } from "./committer.ts";

const hash = (digit: string): string => digit.repeat(64);
const runId = hash("a");
const account = "0x00000000000000000000000000000000000000C0";

async function storeWithRounds(clock: FakeClock, rounds: number) {
  const store = await openStore(
    { directory: undefined, federationName: "test", clock, random: seededRandom("federation") },
    AbortSignal.timeout(60_000),
  );
  await store.createRun({
    runId,
    name: "test",
    plan: "{}",
    planHash: hash("b"),
    plannedRounds: rounds,
    initialModelHash: hash("1"),
    startedAtMs: 1,
  });
  for (let round = 1; round <= rounds; round++) {
    const roundId = hash(String(round));
    await store.startAttempt({ roundId, runId, round, attempt: 1, startedAtMs: round });
    await store.completeRound(resultOf(round));
  }
  return store;
}

function resultOf(round: number): RoundResult {
  return {
    roundId: hash(String(round)),
    runId,
    round,
    attempts: 1,
    parentModelHash: hash(String(round)),
    modelHash: hash(String(round + 1)),
    strategyStateHash: "",
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

/** Runs a committer; `until` is polled between turns of the event loop, letting the clock pass a minute each time. */
async function commitUntil(
  store: Store,
  clock: FakeClock,
  openLedger: () => Promise<Ledger>,
  until: (committer: Committer) => Promise<boolean> | boolean,
): Promise<Committer> {
  const committer = new Committer({
    openLedger,
    store,
    clock,
    feed: new RunFeed(),
    metrics: new LedgerMetrics(createRegistry()),
    log: pino({ level: "silent" }),
  });
  const stop = new AbortController();
  const done = committer.run(stop.signal);
  while (!(await until(committer))) {
    await setImmediate();
    clock.advance(60_000);
  }
  stop.abort();
  await done;
  return committer;
}

test("rounds that waited while the chain was down are committed in order, once it answers", async () => {
  const clock = new FakeClock();
  await using store = await storeWithRounds(clock, 3);
  const ledger = new MemoryLedger(account);
  let asked = 0;
  const openLedger = async () => {
    asked += 1;
    if (asked < 4) throw new LedgerError("unreachable", "nobody answers");
    return ledger;
  };
  const isEmpty = async () => (await store.outbox()).length === 0;
  const committer = await commitUntil(store, clock, openLedger, isEmpty);
  const history = await ledger.history(runId, AbortSignal.timeout(1_000));
  expect(history.map(({ record }) => record.round)).toEqual([1, 2, 3]);
  const rows = await store.rounds(runId);
  expect(rows.map(({ commit }) => commit?.entry)).toEqual(history.map(({ entry }) => entry));
  expect(committer.problem).toBe("");
});

test("a crash between the chain and the store commits nothing twice", async () => {
  const clock = new FakeClock();
  await using store = await storeWithRounds(clock, 2);
  const ledger = new MemoryLedger(account);
  const [first] = await store.outbox();
  if (first === undefined) throw new Error("the outbox is empty");
  await ledger.commit({ ...first, planHash: hash("b") }, AbortSignal.timeout(1_000));
  const isEmpty = async () => (await store.outbox()).length === 0;
  await commitUntil(store, clock, async () => ledger, isEmpty);
  expect(await ledger.history(runId, AbortSignal.timeout(1_000))).toHaveLength(2);
});

test("a record that contradicts the chain stays in the outbox and is told", async () => {
  const clock = new FakeClock();
  await using store = await storeWithRounds(clock, 1);
  const ledger = new MemoryLedger(account);
  const other = { ...resultOf(1), planHash: hash("b"), modelHash: hash("9") };
  await ledger.commit(other, AbortSignal.timeout(1_000));
  const hasProblem = (committer: Committer) => committer.problem !== "";
  const committer = await commitUntil(store, clock, async () => ledger, hasProblem);
  expect(committer.problem).toMatch(/^conflict: /);
  expect(await store.outbox()).toHaveLength(1);
});
