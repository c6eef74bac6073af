import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recordOf } from "../testing/records.ts";
import { TemporaryFolder } from "../testing/temporary-folder.ts";
import { never, openTestChain, openTestLedger } from "../testing/test-chain.ts";
import { openEmbeddedChain } from "./embedded-chain.ts";

const damage = { name: "LedgerError", code: "damaged-block" };

/** A chain of three blocks that was closed. */
async function makeChain(directory: string): Promise<void> {
  await using chain = await openTestChain(directory);
  const ledger = await openTestLedger(chain);
  await ledger.commit(recordOf("a", 1), never);
}

/** Opens the chain as the coordinator does, or as an auditor, and goes through it. */
async function audit(directory: string, as: "owner" | "auditor"): Promise<number> {
  const options = { directory, account: undefined, now: () => 0 };
  await using chain =
    as === "owner" ? await openTestChain(directory) : await openEmbeddedChain(options);
  return (await chain.audit(never)).blocks;
}

/** The chain with one bit of a file changed. */
async function withFlippedBit(from: string, to: string, file: string, bit: number): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true, filter: (name) => !name.endsWith("LOCK") });
  const bytes = await readFile(join(from, file));
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  await writeFile(join(to, file), bytes);
}

describe("a flipped bit is damage:", () => {
  test.each([
    ["any in the file that names LevelDB's manifest", "CURRENT", 1],
    ["every fifth in the note of the last block", "last-block", 5],
    ["every seventh in LevelDB's manifest", "MANIFEST", 7],
  ])("%s", async (_what, prefix, step) => {
    await using folder = await TemporaryFolder.make();
    const [sound, copy] = [join(folder.path, "sound"), join(folder.path, "copy")];
    await makeChain(sound);
    expect(await audit(sound, "owner")).toBe(3);
    const file = (await readdir(sound)).find((name) => name.startsWith(prefix)) ?? "";
    const bits = (await readFile(join(sound, file))).length * 8;
    expect(bits).toBeGreaterThan(100);
    for (let bit = 0; bit < bits; bit += step) {
      await withFlippedBit(sound, copy, file, bit);
      const as = bit % 2 === 0 ? "owner" : "auditor";
      await expect(audit(copy, as), `bit ${bit}`).rejects.toMatchObject(damage);
    }
  });
});

describe("a chain that has lost", () => {
  test.each([
    ["the file that names LevelDB's manifest", "CURRENT"],
    ["the note of the last block", "last-block"],
  ])("%s is damaged, and opening it changes no file", async (_what, file) => {
    await using folder = await TemporaryFolder.make();
    await makeChain(folder.path);
    await rm(join(folder.path, file));
    const tables = async () =>
      (await readdir(folder.path)).filter((name) => /^last|ldb$/.test(name));
    const before = await tables();
    for (const as of ["owner", "auditor"] as const)
      await expect(audit(folder.path, as)).rejects.toMatchObject(damage);
    if (file === "CURRENT") expect(await tables()).toEqual(before);
    else expect(await tables()).not.toContain(file);
  });

  test("the end of its note is damaged; one whose note lags a block behind is not", async () => {
    await using folder = await TemporaryFolder.make();
    const note = join(folder.path, "last-block");
    await (await openTestChain(folder.path)).close();
    const first = await readFile(note);
    const { contractAddress } = await deployIn(folder.path);
    await writeFile(note, first);
    expect(await audit(folder.path, "auditor")).toBe(2);
    expect(await readFile(note)).toEqual(first);
    expect(await audit(folder.path, "owner")).toBe(2);
    expect(await readFile(note)).not.toEqual(first);
    await commitIn(folder.path, contractAddress);
    await writeFile(note, first);
    await expect(audit(folder.path, "owner")).rejects.toMatchObject(damage);
    await writeFile(note, "");
    await expect(audit(folder.path, "owner")).rejects.toMatchObject(damage);
  });
});

async function deployIn(directory: string) {
  await using chain = await openTestChain(directory);
  return await openTestLedger(chain);
}

async function commitIn(directory: string, address: `0x${string}`): Promise<void> {
  await using chain = await openTestChain(directory);
  await (await openTestLedger(chain, address)).commit(recordOf("a", 1), never);
}

describe("an auditor who opens", () => {
  test.each([
    ["a folder that is not there", async () => {}],
    ["an empty folder", async (path: string) => void (await mkdir(path))],
  ])("%s learns that there is no chain, and none is made", async (_what, prepare) => {
    await using folder = await TemporaryFolder.make();
    const path = join(folder.path, "chain");
    await prepare(path);
    const before = await readdir(folder.path, { recursive: true });
    const opening = audit(path, "auditor");
    await expect(opening).rejects.toMatchObject({ name: "LedgerError", code: "missing-chain" });
    await expect(opening).rejects.toThrow(`${path}: there is no chain`);
    expect(await readdir(folder.path, { recursive: true })).toEqual(before);
  });
});
