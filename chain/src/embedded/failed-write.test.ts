import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FailingStore } from "../testing/failing-store.ts";
import { hashOf, recordOf } from "../testing/records.ts";
import { TemporaryFolder } from "../testing/temporary-folder.ts";
import { never, openTestChain, openTestLedger, owner } from "../testing/test-chain.ts";
import { openChainOn } from "./embedded-chain.ts";
import { LevelRecordStore } from "./level-record-store.ts";

const now = () => 1_750_000_000_000;
const runId = hashOf("run a");

/** Block 0: the first; 1: the contract; then rounds, of which the third cannot be written. */
const failingWrite = 5;
const unwritable = { name: "LedgerError", code: "unwritable", block: 4 };

describe.each(["before the records", "after the records", "at the note"] as const)(
  "a block whose write fails %s",
  (how) => {
    test("is the last that the chain takes, and opened again it holds what was acknowledged", async () => {
      await using folder = await TemporaryFolder.make();
      const store = new FailingStore(
        await LevelRecordStore.open(folder.path, true),
        failingWrite,
        how,
      );
      const chain = await openChainOn(store, { account: owner.address, now });
      const ledger = await openTestLedger(chain);
      const acknowledged = [];
      for (const round of [1, 2])
        acknowledged.push(await ledger.commit(recordOf("a", round), never));
      const failing = ledger.commit(recordOf("a", 3), never);
      await expect(failing).rejects.toMatchObject(unwritable);
      await expect(failing).rejects.toThrow(
        "block 4 could not be written: no space left on device",
      );
      expect(chain.hasFailed).toBe(true);
      await expect(ledger.commit(recordOf("b", 1), never)).rejects.toMatchObject(unwritable);
      expect((await ledger.history(runId, never)).slice(0, 2)).toEqual(acknowledged);
      await chain.close();

      await using reopened = await openTestChain(folder.path);
      const again = await openTestLedger(reopened, ledger.contractAddress);
      const standing = await again.history(runId, never);
      const unknown = how === "before the records" ? 0 : 1;
      expect(standing).toHaveLength(2 + unknown);
      expect(standing.slice(0, 2)).toEqual(acknowledged);
      const third = await again.commit(recordOf("a", 3), never);
      const fourth = await again.commit(recordOf("a", 4), never);
      expect(await again.history(runId, never)).toEqual([...acknowledged, third, fourth]);
      expect(await again.history(hashOf("run b"), never)).toEqual([]);
      expect(await reopened.audit(never)).toEqual({ blocks: 6 });
    });
  },
);

test("a chain whose first block cannot be written does not open, and is made the next time", async () => {
  await using folder = await TemporaryFolder.make();
  const options = { account: owner.address, now };
  const store = new FailingStore(
    await LevelRecordStore.open(folder.path, true),
    1,
    "before the records",
  );
  const opening = openChainOn(store, options);
  await expect(opening).rejects.toMatchObject({ code: "unwritable", block: 0 });
  await using chain = await openTestChain(folder.path);
  expect(await chain.audit(never)).toEqual({ blocks: 1 });
});

test("a block that cannot be written because too many files are open names their limit, not the disk", async () => {
  await using folder = await TemporaryFolder.make();
  const program = fileURLToPath(new URL("../testing/commit-without-files.ts", import.meta.url));
  const { execPath } = process;
  const limited = ["-c", 'ulimit -n 100 && exec "$@"', "sh", execPath, program, folder.path];
  const outcome = execFileSync("sh", limited, { encoding: "utf8" });
  expect(outcome).toMatch(/block 2 could not be written: .*raise the limit on open files/);
  expect(outcome).not.toContain("disk");
});
