import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@chorus/aggregation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Database } from "./database/database.ts";
import { PgliteStore } from "./pglite-store.ts";
import type { Store } from "./store.ts";
import { BreakableDisk, CachedDisk, UnsyncedDisk } from "./testing/power-cut.ts";
import {
  completeNextRound,
  eventsOf,
  sampleParticipant,
  sampleRun,
  startNextAttempt,
} from "./testing/sample-records.ts";
import { canMount, SmallDisk } from "./testing/small-disk.ts";

const { signal } = new AbortController();
const { runId } = sampleRun("durable");
const writer = fileURLToPath(new URL("./testing/endless-writer.ts", import.meta.url));

let root: string;
let template: string;
let copies = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chorus-durability-"));
  template = join(root, "template");
  // What a process that was killed while it made the store leaves behind.
  mkdirSync(`${template}.new`);
  writeFileSync(join(`${template}.new`, "PG_VERSION"), "");
  await using store = await openIn(template);
  await store.createRun(sampleRun("durable", 100));
}, 120_000);

afterAll(() => rm(root, { recursive: true }));

/** A folder that does not exist yet. */
function freshFolder(): string {
  return join(root, `copy-${copies++}`);
}

/** A store of its own, made from the template. */
function copyOfTemplate(): string {
  const directory = freshFolder();
  cpSync(template, directory, { recursive: true });
  return directory;
}

async function over(database: Database): Promise<PgliteStore> {
  const clock = { now: () => 1_700_000_000_000 };
  const random = seededRandom("durability.test");
  return PgliteStore.over(database, { federationName: "killed", clock, random });
}

async function openIn(directory: string): Promise<PgliteStore> {
  return over(await Database.open(directory, signal));
}

/** The events and round ids in the log of a store that verifies. */
async function storedIn(directory: string): Promise<ReadonlySet<string>> {
  await using store = await openIn(directory);
  await store.verify(signal);
  const stored = new Set<string>();
  for await (const { kind, body } of store.events())
    stored.add(`${kind} ${/"roundId":"(\w+)"/.exec(body)?.[1]}`);
  return stored;
}

/** Lets a process write until it has had `count` changes acknowledged, kills it, and returns those that it told of. */
async function writeUntilKilled(directory: string, count: number): Promise<readonly string[]> {
  const child: ChildProcess = spawn(process.execPath, [writer, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const lines: string[] = [];
  if (child.stdout === null) throw new Error("the child has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) child.kill("SIGKILL");
  }
  await closed;
  expect(child.signalCode).toBe("SIGKILL");
  return lines;
}

test("a process that is killed in mid-write, five times, has lost nothing that was acknowledged", async () => {
  const directory = copyOfTemplate();
  const acknowledged: string[] = [];
  for (const count of [1, 2, 17, 40, 41]) {
    acknowledged.push(...(await writeUntilKilled(directory, count)));
    const stored = await storedIn(directory);
    expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(101);
});

describe("a power cut", () => {
  test("takes no acknowledged change, wherever it falls", async () => {
    const disk = new CachedDisk(copyOfTemplate());
    const cuts: { directory: string; acknowledged: readonly string[] }[] = [];
    await using database = await Database.start(disk, signal);
    const store = await over(database);
    for (let cut = 0; cut < 2; cut += 1) {
      for (let round = 0; round < 5; round += 1) await completeNextRound(store, runId);
      if (cut === 0) await database.query("CHECKPOINT");
      const directory = freshFolder();
      disk.cutPower(directory);
      cuts.push({ directory, acknowledged: await eventsOf(store) });
    }
    for (const { directory, acknowledged } of cuts) {
      await using survivor = await openIn(directory);
      expect(await eventsOf(survivor)).toEqual(acknowledged);
      await survivor.verify(signal);
    }
  });

  test("takes changes from a disk that does not sync, so that the test above can fail", async () => {
    const disk = new UnsyncedDisk(copyOfTemplate());
    await using database = await Database.start(disk, signal);
    const store = await over(database);
    await completeNextRound(store, runId);
    const directory = freshFolder();
    disk.cutPower(directory);
    await using survivor = await openIn(directory);
    expect((await eventsOf(survivor)).length).toBeLessThan((await eventsOf(store)).length);
  });
});

/** Expects every change to be refused as unwritable with a message that says why. */
async function expectUnwritable(store: Store, reason: string): Promise<void> {
  const refused = { code: "unwritable", message: expect.stringContaining(reason) };
  await expect(store.enrol(sampleParticipant("too late"))).rejects.toMatchObject(refused);
}

test("a disk that refuses to sync stops the store with its error, and what was acknowledged stays", async () => {
  const directory = copyOfTemplate();
  const disk = new BreakableDisk(directory);
  const store = await over(await Database.start(disk, signal));
  await completeNextRound(store, runId);
  const acknowledged = await eventsOf(store);
  disk.isBroken = true;
  await expectUnwritable(store, "restart the coordinator");
  await expectUnwritable(store, "restart the coordinator");
  await expect(store.runs()).rejects.toMatchObject({ cause: { code: "EIO" } });
  await store[Symbol.asyncDispose]();
  await using again = await openIn(directory);
  expect(await eventsOf(again)).toEqual(expect.arrayContaining([...acknowledged]));
  await again.verify(signal);
});

test.skipIf(!canMount())(
  "a full disk refuses changes, breaks nothing, and takes them again when there is room",
  async () => {
    using disk = new SmallDisk(80);
    const directory = join(disk.path, "store");
    cpSync(template, directory, { recursive: true });
    await using store = await openIn(directory);
    const before = await eventsOf(store);
    const filler = join(disk.path, "filler");
    writeFileSync(filler, Buffer.alloc(40 * 2 ** 20));
    await expectUnwritable(store, directory);
    await expectUnwritable(store, "MiB free, wanted 16 MiB");
    expect(await eventsOf(store)).toEqual(before);
    await rm(filler);
    await startNextAttempt(store, runId);
    await store.verify(signal);
  },
);

test.skipIf(!canMount())("a store is not begun on a disk that is too small for it", async () => {
  using disk = new SmallDisk(40);
  await expect(openIn(join(disk.path, "store"))).rejects.toMatchObject({
    code: "unwritable",
    message: expect.stringContaining("wanted 64 MiB"),
  });
});

test("a store that a newer program has written is refused and left alone", async () => {
  const directory = copyOfTemplate();
  {
    await using database = await Database.open(directory, signal);
    await database.query("INSERT INTO schema_versions VALUES (99)");
  }
  await expect(openIn(directory)).rejects.toMatchObject({
    code: "newer-schema",
    message: expect.stringContaining("schema 99"),
  });
  await using database = await Database.open(directory, signal);
  const versions = await database.query("SELECT version FROM schema_versions ORDER BY version");
  expect(versions.map(({ version }) => version)).toEqual([1, 2, 3, 99]);
});

test("a folder that holds something else is refused and left alone", async () => {
  const directory = freshFolder();
  mkdirSync(directory);
  writeFileSync(join(directory, "thesis.txt"), "mine");
  await expect(openIn(directory)).rejects.toMatchObject({
    code: "unwritable",
    message: expect.stringContaining(directory),
  });
  expect(readFileSync(join(directory, "thesis.txt"), "utf8")).toBe("mine");
});

/** Flips the lowest bit of a byte of a file. */
function flipBit(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
  writeFileSync(path, bytes);
}

describe("a bit that flips on the disk", () => {
  test("in the file of a table is damage", async () => {
    const directory = copyOfTemplate();
    let path = "";
    {
      await using database = await Database.open(directory, signal);
      const [row] = await database.query("SELECT pg_relation_filepath('runs') AS path");
      path = join(directory, String(row?.["path"]));
    }
    flipBit(path, 8191);
    await expect(storedIn(directory)).rejects.toMatchObject({ code: "damaged" });
  });

  test("in the control file is damage", async () => {
    const directory = copyOfTemplate();
    flipBit(join(directory, "global", "pg_control"), 100);
    await expect(openIn(directory)).rejects.toMatchObject({
      code: "damaged",
      message: expect.stringContaining(directory),
    });
  });
});
