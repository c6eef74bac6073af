import { createHash } from "node:crypto";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Address } from "viem";
import { describe, expect, test } from "vitest";
import { LedgerError } from "../ledger.ts";
import { withRecords } from "../testing/level-records.ts";
import { hashOf, recordOf } from "../testing/records.ts";
import { TemporaryFolder } from "../testing/temporary-folder.ts";
import { never, openTestChain, openTestLedger } from "../testing/test-chain.ts";

const runId = hashOf("run a");

/** Block 0: the first; 1: the contract; 2, 3: rounds. */
async function makeChain(directory: string): Promise<Address> {
  await using chain = await openTestChain(directory);
  const ledger = await openTestLedger(chain);
  for (const round of [1, 2]) await ledger.commit(recordOf("a", round), never);
  return ledger.contractAddress;
}

/** Changes one bit, which one the record's name decides; twice is never. */
async function flipBit(directory: string, name: string): Promise<void> {
  await withRecords(directory, async (records) => {
    const bytes = Buffer.from((await records.get(name)) ?? []);
    const bit = createHash("sha256").update(name).digest().readUInt32BE() % (bytes.length * 8);
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    await records.put(name, bytes);
  });
}

async function audit(directory: string): Promise<number> {
  await using chain = await openTestChain(directory);
  return (await chain.audit(never)).blocks;
}

test("an untouched chain passes, in memory and on disk", async () => {
  await using folder = await TemporaryFolder.make();
  await makeChain(folder.path);
  expect(await audit(folder.path)).toBe(4);
  await using chain = await openTestChain();
  await openTestLedger(chain);
  expect(await chain.audit(never)).toEqual({ blocks: 2 });
});

test("an audit ends with the signal's reason", async () => {
  await using chain = await openTestChain();
  const reason = new Error("enough");
  await expect(chain.audit(AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("one flipped bit in any record of the store is damage, and the record is named", async () => {
  await using folder = await TemporaryFolder.make();
  await makeChain(folder.path);
  const names = await withRecords(folder.path, (records) => records.keys().all());
  expect(names.filter((name) => name.startsWith("state:")).length).toBeGreaterThan(20);
  for (const name of names) {
    await flipBit(folder.path, name);
    const message = expect.stringContaining(name);
    const damage = { name: "LedgerError", code: "damaged-block", message };
    await expect(audit(folder.path), name).rejects.toMatchObject(damage);
    await flipBit(folder.path, name);
  }
  expect(await audit(folder.path)).toBe(4);
});

describe("a flipped bit is named after its block:", () => {
  test.each([
    ["a block", (names: string[]) => names.find((name) => name === "block:3"), 3],
    ["receipts", (names: string[]) => names.find((name) => name === "receipts:2"), 2],
    ["the contract's code", (names: string[]) => names.find((n) => n.startsWith("state:63")), 1],
  ])("%s", async (_class, pick, block) => {
    await using folder = await TemporaryFolder.make();
    await makeChain(folder.path);
    const name = pick(await withRecords(folder.path, (records) => records.keys().all()));
    if (name === undefined) throw new Error("there is no such record");
    await flipBit(folder.path, name);
    const message = expect.stringContaining(`block ${block}: record ${name}`);
    await expect(audit(folder.path)).rejects.toMatchObject({ block, message });
  });

  test("a state node, by the block that wrote it", async () => {
    await using folder = await TemporaryFolder.make();
    const address = await makeChain(folder.path);
    const before = await withRecords(folder.path, (records) => records.keys().all());
    await commitNext(folder.path, address);
    const after = await withRecords(folder.path, (records) => records.keys().all());
    const added = after.filter((name) => name.startsWith("state:") && !before.includes(name));
    expect(added.length).toBeGreaterThan(3);
    for (const name of added) {
      await flipBit(folder.path, name);
      await expect(audit(folder.path)).rejects.toThrow(`block 4: record ${name}`);
      await flipBit(folder.path, name);
    }
  });
});

test("records that LevelDB lost are damage, whichever they are", async () => {
  await using folder = await TemporaryFolder.make();
  await makeChain(folder.path);
  const entries = await withRecords(folder.path, (records) => records.iterator().all());
  const states = entries.filter(([name]) => name.startsWith("state:"));
  const others = entries.filter(([name]) => !name.startsWith("state:"));
  for (const [name, bytes] of [...others, ...states.slice(0, 5)]) {
    await withRecords(folder.path, (records) => records.del(name));
    await expect(audit(folder.path), name).rejects.toMatchObject({ code: "damaged-block" });
    await withRecords(folder.path, (records) => records.put(name, bytes));
  }
});

test.each([
  ["damaged", flipBit],
  ["lost", loseRecord],
])("a commit that meets %s state fails as damaged-block and adds no block", async (_how, harm) => {
  await using folder = await TemporaryFolder.make();
  const address = await makeChain(folder.path);
  const names = await withRecords(folder.path, (records) => records.keys().all());
  let refused = 0;
  for (const name of names.filter((one) => one.startsWith("state:"))) {
    await using copy = await TemporaryFolder.make();
    await copyFiles(folder.path, copy.path);
    await harm(copy.path, name);
    const outcome = await commitNext(copy.path, address).catch((error: unknown) => error);
    if (typeof outcome === "number") continue;
    expect(outcome).toMatchObject({ code: "damaged-block" });
    refused += 1;
    const kept = await withRecords(copy.path, (records) => records.keys().all());
    expect(kept.filter((one) => one.startsWith("block:"))).toHaveLength(4);
  }
  expect(refused).toBeGreaterThan(5);
});

async function loseRecord(directory: string, name: string): Promise<void> {
  await withRecords(directory, (records) => records.del(name));
}

/** Commits round 3. */
async function commitNext(directory: string, address: Address): Promise<number> {
  await using chain = await openTestChain(directory);
  const ledger = await openTestLedger(chain, address);
  return (await ledger.commit(recordOf("a", 3), never)).blockNumber;
}

test.each([
  ["table", ".ldb"],
  ["log", ".log"],
])(
  "a bit flipped anywhere in LevelDB's %s is found, unless it changes nothing",
  async (_kind, extension) => {
    await using folder = await TemporaryFolder.make();
    const address = await makeChain(folder.path);
    if (extension === ".ldb") await withRecords(folder.path, (r) => r.compactRange("", "~"));
    const files = (await readdir(folder.path)).filter((name) => name.endsWith(extension));
    expect(files).toHaveLength(1);
    const file = files[0] ?? "";
    const good = await readFile(join(folder.path, file));
    let found = 0;
    for (let step = 0; step < 30; step += 1) {
      const bad = Buffer.from(good);
      const at = Math.floor(((step + 0.5) * good.length) / 30);
      bad.writeUInt8(bad.readUInt8(at) ^ 1, at);
      await using copy = await TemporaryFolder.make();
      await copyFiles(folder.path, copy.path);
      await writeFile(join(copy.path, file), bad);
      const outcome = await historyAfterAudit(copy.path, address).catch((error: unknown) => error);
      if (outcome instanceof LedgerError) found += 1;
      if (outcome instanceof LedgerError) expect(outcome.code).toBe("damaged-block");
      else expect(outcome).toBe(2);
    }
    expect(found).toBeGreaterThan(20);
  },
);

async function historyAfterAudit(directory: string, address: Address): Promise<number> {
  await using chain = await openTestChain(directory);
  await chain.audit(never);
  const ledger = await openTestLedger(chain, address);
  return (await ledger.history(runId, never)).length;
}

async function copyFiles(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (file) => !file.endsWith("LOCK") });
}
