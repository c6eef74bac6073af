import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRunning, ownIdentity } from "./process-identity.ts";
import { ProcessLock } from "./process-lock.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chorus-lock-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** A number that no process has: Linux counts to 2^22 at most. */
const nobody = 2 ** 30;

test("one process holds the lock once, and another time after letting go", async () => {
  {
    await using _lock = await ProcessLock.acquire(folder);
    const refused = { code: "locked", message: expect.stringContaining("in use by this process") };
    await expect(ProcessLock.acquire(folder)).rejects.toMatchObject(refused);
  }
  await using _again = await ProcessLock.acquire(folder);
  expect(readdirSync(folder)).toEqual(["lock.2"]);
});

test.for([
  ["is dead", JSON.stringify({ pid: nobody, started: "" })],
  ["has let go", ""],
  ["was cut off by a power failure", '{"pid":1'],
  ["has a pid that is no process", '{"pid":-1,"started":""}'],
])("a lock whose holder %s is taken over", async ([, content]) => {
  writeFileSync(join(folder, "lock.7"), content ?? "");
  await using _lock = await ProcessLock.acquire(folder);
  expect(readdirSync(folder)).toEqual(["lock.8"]);
  expect(JSON.parse(readFileSync(join(folder, "lock.8"), "utf8"))).toEqual(await ownIdentity());
});

test.skipIf(process.platform !== "linux")(
  "a lock whose holder's pid belongs to a later process is taken over",
  async () => {
    const { pid, started } = await ownIdentity();
    const earlier = { pid, started: `${started}0` };
    expect(await isRunning({ pid, started })).toBe(true);
    expect(await isRunning(earlier)).toBe(false);
    writeFileSync(join(folder, "lock.1"), JSON.stringify(earlier));
    await using _lock = await ProcessLock.acquire(folder);
  },
);

test("a process of somebody else counts as running", async () => {
  // Process 1 is always there, and answers EPERM to all but root.
  expect(await isRunning({ pid: 1, started: "" })).toBe(true);
});

test("of many that take over a dead holder's lock at once exactly one gets it", async () => {
  for (let round = 0; round < 20; round += 1) {
    const dead = JSON.stringify({ pid: nobody, started: "" });
    const [name = "lock.1"] = readdirSync(folder);
    writeFileSync(join(folder, name), dead);
    const attempts = Array.from({ length: 8 }, () => ProcessLock.acquire(folder));
    const results = await Promise.allSettled(attempts);
    const winners = results.filter(({ status }) => status === "fulfilled");
    const losers = results.filter((result) => result.status === "rejected");
    expect(winners).toHaveLength(1);
    for (const { reason } of losers) expect(reason).toMatchObject({ code: "locked" });
    expect(readdirSync(folder)).toHaveLength(1);
  }
});
