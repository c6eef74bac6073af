import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openOfflineHistory } from "./offline.ts";
import { writeSampleRun } from "./testing/data-directory.ts";
import { requireThatHolds, verifyRun } from "./verify-run.ts";

const never = new AbortController().signal;
const noChoice = { chainUrl: undefined, contract: undefined, committer: undefined };

let folder = "";
let original = "";
let runId = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-verify-"));
  original = join(folder, "original");
  runId = await writeSampleRun(original);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A copy of the data directory, to be damaged. */
async function copy(): Promise<string> {
  const path = await mkdtemp(join(folder, "copy-"));
  await cp(original, path, { recursive: true });
  return path;
}

/** Reads a data directory and throws for the first thing that does not hold, as the command does. */
async function verify(directory: string) {
  await using history = await openOfflineHistory(directory, noChoice, never);
  const verification = await verifyRun(runId, history, never);
  requireThatHolds(verification);
  return verification;
}

/** The name of a file of the second round. */
async function nameIn(
  directory: string,
  file: "modelHash" | "transcriptHash" | "strategyStateHash",
): Promise<string> {
  await using history = await openOfflineHistory(directory, noChoice, never);
  const { rounds } = await history.source.details(runId, never);
  const stored = await history.source.storedFacts(runId, never);
  return { ...rounds[1], ...stored.rounds.get(2) }[file] ?? "";
}

async function flipBit(path: string, bit: number): Promise<void> {
  const bytes = await readFile(path);
  const at = Math.floor(bit / 8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
  await writeFile(path, bytes);
}

/** Every place of a text in the files below a folder: file and byte. */
async function placesOf(text: string, path: string): Promise<[file: string, byte: number][]> {
  const places: [string, number][] = [];
  for (const name of await readdir(path, { recursive: true })) {
    const file = join(path, name);
    if (!(await stat(file)).isFile()) continue;
    const bytes = await readFile(file);
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1))
      places.push([file, at]);
  }
  return places;
}

test("an untouched data directory holds, and reading it twice finds the same", async () => {
  const first = await verify(original);
  expect(first).toMatchObject({ waiting: 0, differences: [] });
  expect(first.rounds).toHaveLength(3);
  expect(await verify(original)).toEqual(first);
});

test("one flipped bit in a round's model file is found and named after the round", async () => {
  const directory = await copy();
  const hash = await nameIn(directory, "modelHash");
  await flipBit(join(directory, "blobs", hash.slice(0, 2), hash), 37);
  await expect(verify(directory)).rejects.toMatchObject({
    code: "verification-failed",
    message: expect.stringMatching(`^round 2: model file ${hash.slice(0, 12)}… differs`),
  });
});

test("one flipped bit in the store, wherever it keeps a round's model hash, is found", async () => {
  const hash = await nameIn(original, "modelHash");
  const places = await placesOf(hash, join(await copy(), "store", "base"));
  expect(places.length).toBeGreaterThan(1);
  for (const [index] of places.entries()) {
    const directory = await copy();
    const [file, byte] = (await placesOf(hash, join(directory, "store", "base")))[index] ?? ["", 0];
    await flipBit(file, 8 * byte);
    await expect(verify(directory)).rejects.toMatchObject({
      code: "verification-failed",
      message: expect.stringContaining("the store is damaged"),
    });
  }
});

test("one flipped bit in a block of the chain is found and named after the round that it holds", async () => {
  const directory = await copy();
  const [file, byte] = (await placesOf("block:3", join(directory, "chain")))[0] ?? ["", 0];
  await flipBit(file, 8 * (byte + 40));
  await expect(verify(directory)).rejects.toMatchObject({
    code: "verification-failed",
    message: expect.stringContaining("round 2: the chain is damaged: block 3"),
  });
});

test("a chain that is not there any more, or has lost its first file, fails from the first round on", async () => {
  const gone = await copy();
  await rm(join(gone, "chain"), { recursive: true });
  await expect(verify(gone)).rejects.toMatchObject({
    code: "verification-failed",
    exitCode: 4,
    message: expect.stringMatching(
      /^round 1: the chain's record differs: expected entry \w+, got none \(and 2 more\)$/,
    ),
  });
  expect(await readdir(gone)).not.toContain("chain");
  const headless = await copy();
  await rm(join(headless, "chain", "CURRENT"));
  await expect(verify(headless)).rejects.toMatchObject({ exitCode: 4 });
});

test("one flipped bit in the file that tells LevelDB where to begin is damage, whichever bit it is", async () => {
  const bits = 8 * (await stat(join(original, "chain", "CURRENT"))).size;
  for (let bit = 0; bit < bits; bit += 19) {
    const directory = await copy();
    await flipBit(join(directory, "chain", "CURRENT"), bit);
    await expect(verify(directory), `bit ${bit}`).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/^the chain is damaged: /),
    });
  }
});

test("a contract's address that was changed is a difference of the data directory", async () => {
  for (const text of ["0x00000000000000000000000000000000000000aa", "no address"]) {
    const directory = await copy();
    await writeFile(join(directory, "keys", "contract"), text);
    await expect(verify(directory)).rejects.toMatchObject({ exitCode: 4 });
  }
});

test("one flipped bit in the file of a strategy's state is found and named after the round", async () => {
  const directory = await copy();
  const hash = await nameIn(directory, "strategyStateHash");
  await flipBit(join(directory, "blobs", hash.slice(0, 2), hash), 5);
  await expect(verify(directory)).rejects.toMatchObject({
    message: expect.stringMatching(`^round 2: strategy state file ${hash.slice(0, 12)}… differs`),
  });
});

test("one flipped bit in a transcript's file is found and named after the round, and so is a lost file", async () => {
  const directory = await copy();
  const hash = await nameIn(directory, "transcriptHash");
  const file = join(directory, "blobs", hash.slice(0, 2), hash);
  await flipBit(file, 70_001);
  await expect(verify(directory)).rejects.toMatchObject({
    code: "verification-failed",
    exitCode: 4,
    message: expect.stringMatching(`^round 2: transcript ${hash.slice(0, 12)}… differs`),
  });
  await rm(file);
  await expect(verify(directory)).rejects.toMatchObject({
    message: expect.stringMatching(/^round 2: transcript .* got no file$/),
  });
});

test("a folder where a file should be is a difference of its round, whatever file it is", async () => {
  for (const [kind, what] of [
    ["modelHash", "model file"],
    ["strategyStateHash", "strategy state file"],
    ["transcriptHash", "transcript"],
  ] as const) {
    const directory = await copy();
    const hash = await nameIn(directory, kind);
    const file = join(directory, "blobs", hash.slice(0, 2), hash);
    await rm(file);
    await mkdir(file);
    await expect(verify(directory)).rejects.toMatchObject({
      code: "verification-failed",
      message: expect.stringMatching(`^round 2: ${what} .* it cannot be read \\(EISDIR`),
    });
  }
});

test("the coordinator's key is not needed, and none is made", async () => {
  const directory = await copy();
  await rm(join(directory, "keys", "committer"));
  expect((await verify(directory)).differences).toEqual([]);
  expect(await readdir(join(directory, "keys"))).toEqual(["contract"]);
});

test("a folder that is no data directory is refused, and nothing is made in it", async () => {
  const empty = await mkdtemp(join(folder, "empty-"));
  await expect(verify(empty)).rejects.toMatchObject({ code: "not-running" });
  expect(await readdir(empty)).toEqual([]);
});

test.each([
  ["a store that is not there any more", "."],
  ["a store that was emptied", "./*"],
  ["a store without the file that says what it is", "PG_VERSION"],
])("%s is damage, and no other store is made in its place", async (_what, lost) => {
  const directory = await copy();
  const store = join(directory, "store");
  const names = lost === "./*" ? await readdir(store) : [lost];
  for (const name of names) await rm(join(store, name), { recursive: true });
  const before = await readdir(store).catch(() => "missing");

  await expect(verify(directory)).rejects.toMatchObject({ code: "verification-failed" });
  expect(await readdir(store).catch(() => "missing")).toEqual(before);
});
