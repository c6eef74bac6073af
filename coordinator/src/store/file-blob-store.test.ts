import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openBlobStore } from "./file-blob-store.ts";
import { hashOf } from "./testing/sample-records.ts";
import { canMount, SmallDisk } from "./testing/small-disk.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-blobs-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** Files below a folder. */
function filesIn(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test("a blob is read as it was written, whole and in any part, by a store that is opened later", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 1000 }),
      fc.nat(1100),
      fc.nat(1100),
      async (bytes, offset, length) => {
        const name = hashOf(`blob ${count++}`);
        const writing = await openBlobStore(folder);
        await writing.put(name, bytes);
        const blobs = await openBlobStore(folder);
        expect(await blobs.size(name)).toBe(bytes.length);
        expect(new Uint8Array(await blobs.get(name))).toEqual(bytes);
        const part = await blobs.read(name, offset, length);
        expect(part).toEqual(bytes.slice(offset, offset + length));
      },
    ),
    { numRuns: 30 },
  );
});

test("a blob that is there already is left alone", async () => {
  const blobs = await openBlobStore(folder);
  await blobs.put(hashOf("model"), new Uint8Array([1]));
  await blobs.put(hashOf("model"), new Uint8Array([2, 3]));
  expect(new Uint8Array(await blobs.get(hashOf("model")))).toEqual(new Uint8Array([1]));
});

test("writers of one blob at the same time leave one whole blob", async () => {
  const blobs = await openBlobStore(folder);
  const bytes = new Uint8Array(100_000).fill(7);
  await Promise.all(Array.from({ length: 8 }, () => blobs.put(hashOf("model"), bytes)));
  expect(filesIn(folder)).toEqual([hashOf("model")]);
  expect(await blobs.size(hashOf("model"))).toBe(bytes.length);
});

test("a blob that is not there has no size and is not read", async () => {
  const blobs = await openBlobStore(folder);
  const name = hashOf("nothing");
  expect(await blobs.size(name)).toBeUndefined();
  await expect(blobs.get(name)).rejects.toMatchObject({ code: "unknown" });
  await expect(blobs.read(name, 0, 1)).rejects.toMatchObject({ code: "unknown" });
});

test("what a crash left half-written is removed at the next opening, and only that", async () => {
  const name = hashOf("model");
  await (await openBlobStore(folder)).put(name, new Uint8Array([1]));
  const leftover = `${hashOf("cut off")}.f81d4fae.tmp`;
  await writeFile(join(folder, name.slice(0, 2), leftover), "half a mod");
  expect(filesIn(folder)).toHaveLength(2);
  await openBlobStore(folder);
  expect(filesIn(folder)).toEqual([name]);
});

test.for([
  "",
  "..",
  "../../etc/passwd",
  hashOf("x").toUpperCase(),
  hashOf("x").slice(1),
  `${hashOf("x")}0`,
  `${hashOf("x").slice(0, 63)}/`,
  `${hashOf("x")}\n`,
])("%j is no blob's name, and no path is made of it", async (name) => {
  const blobs = await openBlobStore(join(folder, "blobs"));
  const unknown = { name: "StoreError", code: "unknown" };
  await expect(blobs.put(name, new Uint8Array([1]))).rejects.toMatchObject(unknown);
  await expect(blobs.get(name)).rejects.toMatchObject(unknown);
  await expect(blobs.read(name, 0, 1)).rejects.toMatchObject(unknown);
  await expect(blobs.size(name)).rejects.toMatchObject(unknown);
  expect(filesIn(folder)).toEqual([]);
});

test("a file where the folder should be is refused with the folder's name and a remedy", async () => {
  const path = join(folder, "blobs");
  writeFileSync(path, "");
  await expect(openBlobStore(path)).rejects.toMatchObject({
    code: "unwritable",
    message: expect.stringMatching(new RegExp(`${path}.*choose another directory`)),
  });
});

test("a blob that cannot be written is refused and leaves nothing behind", async () => {
  const name = hashOf("model");
  const blobs = await openBlobStore(folder);
  writeFileSync(join(folder, name.slice(0, 2)), "in the way");
  await expect(blobs.put(name, new Uint8Array([1]))).rejects.toMatchObject({ code: "unwritable" });
  expect(filesIn(folder)).toEqual([name.slice(0, 2)]);
});

test("a blob that cannot be read because too many files are open says so, and what to do", () => {
  const program = fileURLToPath(new URL("testing/read-without-files.ts", import.meta.url));
  const limited = ["-c", 'ulimit -n 100 && exec "$@"', "sh", process.execPath, program, folder];
  const refusal = {
    code: "unwritable",
    message:
      "cannot open a blob: too many files are open; raise the limit on open files (ulimit -n)",
  };
  expect(JSON.parse(execFileSync("sh", limited, { encoding: "utf8" }))).toEqual([refusal, refusal]);
});

test.skipIf(!canMount())(
  "a full disk refuses a blob, leaves nothing of it, and takes one that fits",
  async () => {
    using disk = new SmallDisk(1);
    const blobs = await openBlobStore(join(disk.path, "blobs"));
    await expect(blobs.put(hashOf("large"), new Uint8Array(2 ** 21))).rejects.toMatchObject({
      code: "unwritable",
      message: expect.stringMatching(new RegExp(`${disk.path}.*ENOSPC.*free some space`)),
    });
    expect(filesIn(disk.path)).toEqual([]);
    expect(await blobs.size(hashOf("large"))).toBeUndefined();
    await blobs.put(hashOf("small"), new Uint8Array(2 ** 19));
    expect(filesIn(disk.path)).toEqual([hashOf("small")]);
  },
);

test.skipIf(!canMount())(
  "a disk that became read-only refuses a blob and still gives the others",
  async () => {
    using disk = new SmallDisk(1);
    const blobs = await openBlobStore(disk.path);
    await blobs.put(hashOf("before"), new Uint8Array([1]));
    disk.remount("ro");
    await expect(blobs.put(hashOf("after"), new Uint8Array([2]))).rejects.toMatchObject({
      code: "unwritable",
      message: expect.stringMatching(new RegExp(`${disk.path}.*EROFS.*read-only`)),
    });
    expect(new Uint8Array(await blobs.get(hashOf("before")))).toEqual(new Uint8Array([1]));
  },
);
