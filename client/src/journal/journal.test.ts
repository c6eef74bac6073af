import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Hash, sha256Hex } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JournalEntry } from "./entry.ts";
import { Journal } from "./journal.ts";

const { signal } = new AbortController();

/** A state directory for one test. */
async function stateDirectory(): Promise<AsyncDisposable & { path: string; file: string }> {
  const path = await mkdtemp(join(tmpdir(), "journal-"));
  const remove = () => rm(path, { recursive: true });
  return { path, file: join(path, "journal"), [Symbol.asyncDispose]: remove };
}

const roundIdOf = (round: number): Hash => sha256Hex(`round ${round}`);

/** An answer in each of so many rounds. */
function answers(rounds: number): JournalEntry[] {
  return Array.from({ length: rounds }, (_, round) => ({
    roundId: roundIdOf(round),
    step: round % 2 === 0 ? "advertise-keys" : "confirm-survivors",
    digest: sha256Hex(`answer ${round}`),
  }));
}

async function write(directory: string, entries: readonly JournalEntry[]): Promise<void> {
  await using journal = await Journal.open(directory);
  for (const { roundId, step, digest } of entries)
    await journal.record(roundId, step, digest, signal);
}

/** Which of so many rounds a journal knows. */
async function knownRounds(directory: string, rounds: number, kept?: number): Promise<number[]> {
  await using journal = await Journal.open(directory, kept);
  return Array.from({ length: rounds }, (_, round) => round).filter((round) =>
    journal.begun(roundIdOf(round)),
  );
}

const upTo = (rounds: number) => Array.from({ length: rounds }, (_, round) => round);

test("the same answer again is fine, another one for the same step is refused, also after a restart", async () => {
  await using state = await stateDirectory();
  const [roundId, ours, theirs] = [roundIdOf(1), sha256Hex("ours"), sha256Hex("theirs")];
  await write(state.path, [{ roundId, step: "confirm-survivors", digest: ours }]);
  for (const _restart of [1, 2]) {
    await using journal = await Journal.open(state.path);
    await journal.record(roundId, "confirm-survivors", ours, signal);
    await expect(
      journal.record(roundId, "confirm-survivors", theirs, signal),
    ).rejects.toMatchObject({
      name: "ClientError",
      code: "already-answered",
      message: expect.stringContaining(`had ${ours}, got ${theirs}`),
    });
    await journal.record(roundId, "reveal", theirs, signal);
  }
});

test("of two different answers at once, one is recorded and the other refused", async () => {
  await using state = await stateDirectory();
  await using journal = await Journal.open(state.path);
  const results = await Promise.allSettled(
    ["a", "b"].map((answer) => journal.record(roundIdOf(1), "reveal", sha256Hex(answer), signal)),
  );
  expect(results).toMatchObject([
    { status: "fulfilled" },
    { status: "rejected", reason: { code: "already-answered" } },
  ]);
});

test("a round is begun with its first answer, and an abort records nothing", async () => {
  await using state = await stateDirectory();
  await using journal = await Journal.open(state.path);
  const aborted = AbortSignal.abort(new Error("the round has ended"));
  const record = journal.record(roundIdOf(1), "advertise-keys", sha256Hex("keys"), aborted);
  await expect(record).rejects.toThrow("the round has ended");
  expect(journal.begun(roundIdOf(1))).toBe(false);
  await journal.record(roundIdOf(1), "advertise-keys", sha256Hex("other keys"), signal);
  expect(journal.begun(roundIdOf(1))).toBe(true);
  expect(journal.begun(roundIdOf(2))).toBe(false);
});

test("a journal that was cut at any byte opens to the answers before it, and goes on from there", async () => {
  await using state = await stateDirectory();
  const entries = answers(6);
  await write(state.path, entries);
  const whole = await readFile(state.file);
  const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
  expect(ends).toHaveLength(6);
  const cut = fc.record({
    bytes: fc.integer({ min: 0, max: whole.length }),
    zeros: fc.integer({ min: 0, max: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(cut, async ({ bytes, zeros }) => {
      await writeFile(state.file, Buffer.concat([whole.subarray(0, bytes), Buffer.alloc(zeros)]));
      const durable = ends.filter((end) => end <= bytes).length;
      expect(await knownRounds(state.path, 6)).toEqual(upTo(durable));
      await write(state.path, entries.slice(durable));
      expect(await readFile(state.file)).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});

test("a journal with any one byte changed before its last line is refused, naming the file, a line and what to do", async () => {
  await using state = await stateDirectory();
  await write(state.path, answers(4));
  const whole = await readFile(state.file);
  const inside = fc.record({
    at: fc.nat(whole.lastIndexOf(0x0a, -2)),
    by: fc.integer({ min: 1, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(inside, async ({ at, by }) => {
      const changed = Buffer.from(whole);
      changed[at] = (whole[at] ?? 0) ^ by;
      await writeFile(state.file, changed);
      const message = expect.stringMatching(/journal cannot be used: line \d .*; restore it/);
      const refusal = { name: "ClientError", code: "bad-journal", message };
      await expect(Journal.open(state.path)).rejects.toMatchObject(refusal);
    }),
    { numRuns: 100 },
  );
});

test.each([
  ["taken out", ([first, , ...rest]: string[]) => [first, ...rest]],
  ["put in the place of another", ([first, second, third]: string[]) => [first, third, second]],
  ["written twice", ([first, ...rest]: string[]) => [first, first, ...rest]],
])("a journal with a line %s is refused", async (_, change) => {
  await using state = await stateDirectory();
  await write(state.path, answers(3));
  const lines = (await readFile(state.file, "utf8")).trimEnd().split("\n");
  await writeFile(state.file, `${change(lines).join("\n")}\n`);
  await expect(Journal.open(state.path)).rejects.toMatchObject({ code: "bad-journal" });
});

test("a start keeps the newest rounds with all of their answers, and the file does not grow beyond them", async () => {
  await using state = await stateDirectory();
  const entries = answers(10);
  await write(state.path, entries);
  const last = { ...entries[9], step: "reveal", digest: sha256Hex("shares") } as JournalEntry;
  await write(state.path, [last]);
  expect(await knownRounds(state.path, 10, 4)).toEqual([6, 7, 8, 9]);
  expect((await readFile(state.file, "utf8")).split("\n")).toHaveLength(5 + 1);
  await write(state.path, [...answers(11).slice(10), last]);
  expect(await knownRounds(state.path, 11)).toEqual([6, 7, 8, 9, 10]);
  expect(await readdir(state.path)).toEqual(["journal"]);
});

test("the draft of a compaction that was interrupted is no harm", async () => {
  await using state = await stateDirectory();
  await write(state.path, answers(4));
  await writeFile(`${state.file}.draft`, '{"roundId"');
  expect(await knownRounds(state.path, 4, 2)).toEqual([2, 3]);
});

test("the file is for its owner only", async () => {
  await using state = await stateDirectory();
  await write(state.path, []);
  expect((await stat(state.file)).mode & 0o777).toBe(0o600);
});

test("a folder that takes no journal is refused by path and reason", async () => {
  await using state = await stateDirectory();
  const sealed = join(state.path, "sealed");
  await mkdir(sealed, { mode: 0o500 });
  const opening = Journal.open(process.getuid?.() === 0 ? "/sys" : sealed);
  await expect(opening).rejects.toMatchObject({
    code: "unwritable",
    message: expect.stringMatching(
      /^cannot write the journal .*journal: E[A-Z]+: .*wanted a folder/,
    ),
  });
});
