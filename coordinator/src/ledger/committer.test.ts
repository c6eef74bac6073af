import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { type Ledger, LedgerError, MemoryLedger } from "@chorus/chain";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createRegistry, LedgerMetrics } from "../metrics.ts";
import { RunFeed } from "../runs/feed.ts";
import { type Store, StoreError } from "../store/store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { Committer } from "./committer.ts";
import { addRound, hash, resultOf, runId, storeWithRounds } from "./testing/store-with-rounds.ts";

const soon = () => AbortSignal.timeout(60_000);
const account = "0x00000000000000000000000000000000000000C0";

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
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  expect(clock.sleepers).toBe(0);
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
  const history = await ledger.history(runId, soon());
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
  await ledger.commit({ ...first, planHash: hash("b") }, soon());
  const isEmpty = async () => (await store.outbox()).length === 0;
  await commitUntil(store, clock, async () => ledger, isEmpty);
  expect(await ledger.history(runId, soon())).toHaveLength(2);
});

test("a record that contradicts the chain stays in the outbox, is told once and halts its run alone", async () => {
  const clock = new FakeClock();
  const other = hash("d");
  await using store = await storeWithRounds(clock, 2, [runId, other]);
  const ledger = new MemoryLedger(account);
  await ledger.commit({ ...resultOf(1), planHash: hash("b"), modelHash: hash("9") }, soon());
  const isLeft = async () => (await store.outbox()).length === 2;
  const committer = await commitUntil(store, clock, async () => ledger, isLeft);
  expect(committer.problem).toMatch(/^conflict: round 1 of run a+ is committed with entry [^;]*$/);
  expect((await store.outbox()).map((left) => left.runId)).toEqual([runId, runId]);
  expect(await ledger.history(other, soon())).toHaveLength(2);
  expect(await ledger.history(runId, soon())).toHaveLength(1);
});

test("a halted run does not keep rounds that come later from being committed", async () => {
  const clock = new FakeClock();
  const other = hash("d");
  await using store = await storeWithRounds(clock, 1, [runId, other]);
  const ledger = new MemoryLedger(account);
  await ledger.commit({ ...resultOf(1), planHash: hash("b"), modelHash: hash("9") }, soon());
  let isAdded = false;
  await commitUntil(
    store,
    clock,
    async () => ledger,
    async (committer) => {
      if (committer.problem === "" || (await store.outbox()).length > 1) return false;
      if (!isAdded) {
        isAdded = true;
        await addRound(store, other, 2);
        committer.wake();
      }
      return (await ledger.history(other, soon())).length === 2;
    },
  );
});

test("a round that is completed after the outbox was read and before it is empty is committed too", async () => {
  const clock = new FakeClock();
  await using store = await storeWithRounds(clock, 1);
  const ledger = new MemoryLedger(account);
  let wake = (): void => undefined;
  let asked = 0;
  const openLedger = async () => {
    asked += 1;
    if (asked === 2) {
      await addRound(store, runId, 2);
      wake();
    }
    return ledger;
  };
  await commitUntil(store, clock, openLedger, async (committer) => {
    wake = () => committer.wake();
    return (await ledger.history(runId, soon())).length === 2;
  });
  expect((await ledger.history(runId, soon())).map(({ record }) => record.round)).toEqual([1, 2]);
});

test.each([
  ["read", "outbox"],
  ["written", "recordCommit"],
] as const)(
  "a store that cannot be %s is told by its own code, and then it goes on",
  async (_what, method) => {
    const clock = new FakeClock();
    await using store = await storeWithRounds(clock, 2);
    const failing = new FailingOnce(store, method);
    const ledger = new MemoryLedger(account);
    const told = new Set<string>();
    const committer = await commitUntil(
      failing.store,
      clock,
      async () => ledger,
      async ({ problem }) => {
        told.add(problem);
        return (await store.outbox()).length === 0 && problem === "";
      },
    );
    expect([...told].filter((problem) => problem !== "")).toEqual([
      "store unwritable: the disk is full",
    ]);
    expect(committer.problem).toBe("");
    expect(await ledger.history(runId, soon())).toHaveLength(2);
  },
);

test("nothing is committed to a chain that does not hold what was committed before", async () => {
  const clock = new FakeClock();
  await using store = await storeWithRounds(clock, 1);
  const ledger = new MemoryLedger(account);
  const isEmpty = async () => (await store.outbox()).length === 0;
  await commitUntil(store, clock, async () => ledger, isEmpty);
  const [row] = await store.rounds(runId);
  await addRound(store, runId, 2);
  const empty = new MemoryLedger(account);
  const hasProblem = (committer: Committer) => committer.problem !== "";
  const committer = await commitUntil(store, clock, async () => empty, hasProblem);
  const what = `round 1 of run ${runId} was committed with entry ${row?.commit?.entry}`;
  expect(committer.problem).toContain(`broken-chain: ${what}, the chain has none`);
  expect(await empty.history(runId, soon())).toEqual([]);
  await commitUntil(store, clock, async () => ledger, isEmpty);
  expect(await ledger.history(runId, soon())).toHaveLength(2);
});

/** A store whose disk is full at the first call of a method. */
class FailingOnce {
  readonly store: Store;

  constructor(store: Store, method: "outbox" | "recordCommit") {
    let hasFailed = false;
    this.store = new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name !== method || hasFailed) return value.apply(target, args);
          hasFailed = true;
          return Promise.reject(new StoreError("unwritable", "the disk is full"));
        };
      },
    });
  }
}
