import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChainAccess } from "@chorus/chain";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Store } from "../store/store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { requireChainOfStore } from "./require-commits.ts";
import { hash, resultOf, runId, storeWithRounds } from "./testing/store-with-rounds.ts";

const soon = () => AbortSignal.timeout(60_000);
const clock = new FakeClock();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-commits-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function openChain(kind: "embedded" | "elsewhere" = "embedded"): Promise<ChainAccess> {
  const paths = {
    chain: join(folder, "chain"),
    key: join(folder, "key"),
    contract: join(folder, "contract"),
  };
  // Nobody listens there.
  const elsewhere = { kind: "rpc", url: "http://127.0.0.1:1/" } as const;
  const choice = kind === "embedded" ? ({ kind } as const) : elsewhere;
  return await ChainAccess.open(choice, paths, () => clock.now());
}

async function commit(store: Store, round: number): Promise<void> {
  await using chain = await openChain();
  const ledger = await chain.ledger(soon());
  const made = await ledger.commit({ ...resultOf(round), planHash: hash("b") }, soon());
  const { entry, transactionHash, blockNumber } = made;
  await store.recordCommit({ runId, round, entry, transactionHash, blockNumber });
}

async function check(store: Store, kind?: "elsewhere"): Promise<void> {
  await using chain = await openChain(kind);
  await requireChainOfStore(store, chain, soon());
}

test("a store without commits goes with a new chain, and nothing is made for the question", async () => {
  await using store = await storeWithRounds(clock, 1);
  await check(store);
  await check(store, "elsewhere");
  expect((await readdir(folder)).toSorted()).toEqual(["chain", "key"]);
});

test("a store goes with the chain that its rounds are on", async () => {
  await using store = await storeWithRounds(clock, 2);
  await commit(store, 1);
  await commit(store, 2);
  await check(store);
});

test("a chain of which an earlier state was restored is refused, naming the round that it lacks", async () => {
  await using store = await storeWithRounds(clock, 2);
  await commit(store, 1);
  await cp(join(folder, "chain"), join(folder, "backup"), { recursive: true });
  await commit(store, 2);
  await rm(join(folder, "chain"), { recursive: true });
  await cp(join(folder, "backup"), join(folder, "chain"), { recursive: true });
  const checking = check(store);
  await expect(checking).rejects.toMatchObject({ name: "LedgerError", code: "broken-chain" });
  await expect(checking).rejects.toThrow(`round 2 of run ${runId} was committed with entry`);
});

test("where the chain is lost, with its contract's address or without, none is used in its place", async () => {
  await using store = await storeWithRounds(clock, 1);
  await commit(store, 1);
  await rm(join(folder, "chain"), { recursive: true });
  const missing = { name: "LedgerError", code: "missing-chain" };
  await expect(check(store)).rejects.toMatchObject(missing);
  await rm(join(folder, "contract"));
  for (const _attempt of [1, 2]) await expect(check(store)).rejects.toMatchObject(missing);
  await expect(check(store)).rejects.toThrow(
    `round 1 of run ${runId} was committed, and the contract`,
  );
  await expect(check(store, "elsewhere")).rejects.toMatchObject(missing);
  expect(await readdir(folder)).not.toContain("contract");
});

test("a chain elsewhere need not answer when a coordinator starts", async () => {
  await using store = await storeWithRounds(clock, 1);
  await commit(store, 1);
  await check(store, "elsewhere");
});
