import type { Address } from "viem";
import { describe, expect, test } from "vitest";
import { entryHash, NO_ENTRY } from "./entry-hash.ts";
import type { Ledger } from "./ledger.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import { hashOf, recordOf } from "./testing/records.ts";
import { TemporaryFolder } from "./testing/temporary-folder.ts";
import { never, openTestChain, openTestLedger, owner } from "./testing/test-chain.ts";

/** A ledger under test: `use` hands it out for one piece of work. */
interface Bench extends AsyncDisposable {
  use<T>(work: (ledger: Ledger) => Promise<T>): Promise<T>;
}

async function memoryBench(): Promise<Bench> {
  const ledger = new MemoryLedger(owner.address);
  return { use: (work) => work(ledger), [Symbol.asyncDispose]: async () => {} };
}

async function embeddedBench(): Promise<Bench> {
  const chain = await openTestChain();
  const ledger = await openTestLedger(chain);
  return { use: (work) => work(ledger), [Symbol.asyncDispose]: () => chain.close() };
}

/** Opens the chain anew for every piece of work. */
async function reopeningBench(): Promise<Bench> {
  const folder = await TemporaryFolder.make();
  let address: Address | undefined;
  return {
    async use(work) {
      await using chain = await openTestChain(folder.path);
      const ledger = await openTestLedger(chain, address);
      address = ledger.contractAddress;
      return await work(ledger);
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const implementations: [string, () => Promise<Bench>][] = [
  ["in memory", memoryBench],
  ["contract on an embedded chain in memory", embeddedBench],
  ["contract on an embedded chain on disk, reopened between operations", reopeningBench],
];

describe.each(implementations)("ledger: %s", (_name, makeBench) => {
  test("rounds are returned by round with the entries that their records make", async () => {
    await using bench = await makeBench();
    const records = [1, 2, 3].map((round) => recordOf("a", round));
    let head = NO_ENTRY;
    for (const record of records) {
      const committed = await bench.use((ledger) => ledger.commit(record, never));
      head = entryHash(head, owner.address, record);
      expect(committed).toMatchObject({ record, entry: head });
    }
    const history = await bench.use((ledger) => ledger.history(hashOf("run a"), never));
    expect(history.map(({ record }) => record)).toEqual(records);
    expect(history.at(-1)?.entry).toBe(head);
  });

  test("an unknown run has an empty history", async () => {
    await using bench = await makeBench();
    expect(await bench.use((ledger) => ledger.history(hashOf("run x"), never))).toEqual([]);
  });

  test("a repeated commit returns the first entry and adds nothing, later rounds or not", async () => {
    await using bench = await makeBench();
    const first = await bench.use((ledger) => ledger.commit(recordOf("a", 1), never));
    expect(await bench.use((ledger) => ledger.commit(recordOf("a", 1), never))).toEqual(first);
    await bench.use((ledger) => ledger.commit(recordOf("a", 2), never));
    expect(await bench.use((ledger) => ledger.commit(recordOf("a", 1), never))).toEqual(first);
    const history = await bench.use((ledger) => ledger.history(hashOf("run a"), never));
    expect(history).toHaveLength(2);
  });

  test("of many concurrent commits of one record, all get the same single entry", async () => {
    await using bench = await makeBench();
    const record = recordOf("a", 1);
    const [entries, history] = await bench.use(async (ledger) => {
      const commits = Array.from({ length: 6 }, () => ledger.commit(record, never));
      return [await Promise.all(commits), await ledger.history(record.runId, never)];
    });
    for (const entry of entries) expect(entry).toEqual(history[0]);
    expect(history).toHaveLength(1);
  });

  test("concurrent commits of different runs all arrive", async () => {
    await using bench = await makeBench();
    const runs = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const histories = await bench.use(async (ledger) => {
      await Promise.all(runs.map((run) => ledger.commit(recordOf(run, 1), never)));
      return await Promise.all(runs.map((run) => ledger.history(hashOf(`run ${run}`), never)));
    });
    expect(histories.map((history) => history.length)).toEqual(runs.map(() => 1));
  });

  test("another record for a committed round is a conflict and changes nothing", async () => {
    await using bench = await makeBench();
    const first = await bench.use((ledger) => ledger.commit(recordOf("a", 1), never));
    const other = { ...recordOf("a", 1), modelHash: hashOf("other model") };
    const commit = bench.use((ledger) => ledger.commit(other, never));
    await expect(commit).rejects.toMatchObject({ name: "LedgerError", code: "conflict" });
    const history = await bench.use((ledger) => ledger.history(hashOf("run a"), never));
    expect(history).toEqual([first]);
  });

  test("of two different concurrent records for a round one is entered and one is a conflict", async () => {
    await using bench = await makeBench();
    const other = { ...recordOf("a", 1), survivors: 4 };
    const outcomes = await bench.use((ledger) =>
      Promise.allSettled([ledger.commit(recordOf("a", 1), never), ledger.commit(other, never)]),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "conflict" } });
  });

  test.each([
    ["a first round that is not round 1", undefined, { round: 2 }],
    ["a round that leaves one out", 1, { round: 3 }],
    ["a round that trained from another model", 1, { parentModelHash: hashOf("other") }],
    ["a round with another plan", 1, { planHash: hashOf("other") }],
  ])("%s is refused as wrong-round", async (_case, before, change) => {
    await using bench = await makeBench();
    if (before !== undefined) await bench.use((l) => l.commit(recordOf("a", before), never));
    const record = { ...recordOf("a", 2), ...change };
    const commit = bench.use((ledger) => ledger.commit(record, never));
    await expect(commit).rejects.toMatchObject({ name: "LedgerError", code: "wrong-round" });
  });

  test.each([
    ["a hash with 0x", { modelHash: `0x${hashOf("model")}` }],
    ["a hash in capitals", { modelHash: hashOf("model").toUpperCase() }],
    ["a zero hash", { updatesRoot: NO_ENTRY }],
    ["round 0", { round: 0 }],
    ["half a round", { round: 1.5 }],
    ["no survivors", { survivors: 0 }],
    ["2^32 survivors", { survivors: 2 ** 32 }],
  ])("a record with %s is a RangeError", async (_case, change) => {
    await using bench = await makeBench();
    const record = { ...recordOf("a", 1), ...change };
    const commit = bench.use((ledger) => ledger.commit(record, never));
    await expect(commit).rejects.toBeInstanceOf(RangeError);
  });

  test("an aborted signal's reason comes out of commit and history, and nothing is entered", async () => {
    await using bench = await makeBench();
    const reason = new Error("shutting down");
    const aborted = AbortSignal.abort(reason);
    const { runId } = recordOf("a", 1);
    const commit = bench.use((ledger) => ledger.commit(recordOf("a", 1), aborted));
    await expect(commit).rejects.toBe(reason);
    await expect(bench.use((ledger) => ledger.history(runId, aborted))).rejects.toBe(reason);
    expect(await bench.use((ledger) => ledger.history(runId, never))).toEqual([]);
  });
});
