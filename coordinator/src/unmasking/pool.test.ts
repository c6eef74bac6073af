import { runUnmasking, type UnmaskingJob } from "@chorus/aggregation";
import fc from "fast-check";
import { type Logger, pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { defaultLimits, type UnmaskingLimits, UnmaskingPool } from "./pool.ts";
import { failingScript } from "./testing/failing-script.ts";
import { copyOf, randomJob } from "./testing/random-job.ts";

const { signal } = new AbortController();
const whole = { words: 10_007, added: 3, subtracted: 2 };

/** A pool for one test that gives every job to threads, and what it logs. */
function openPool(limits: Partial<UnmaskingLimits> = {}): { pool: UnmaskingPool; log: string[] } {
  const log: string[] = [];
  const logger: Logger = pino({}, { write: (line) => void log.push(JSON.parse(line).msg) });
  const pool = new UnmaskingPool(
    { ...defaultLimits, largeMaskWords: 0, ...limits },
    { log: logger },
  );
  onTestFinished(() => pool[Symbol.asyncDispose]());
  return { pool, log };
}

/** What the job's words become in one piece. */
function inOnePiece(job: UnmaskingJob): Uint32Array {
  const copy = copyOf(job);
  runUnmasking(copy);
  return copy.words;
}

const isWiped = ({ masks }: UnmaskingJob) =>
  [...masks.added, ...masks.subtracted].every((byte) => byte === 0);

test("whatever a job's size and the number of threads, its words become what they become in one piece", async () => {
  const pools = [1, 2, 3].map((threads) => openPool({ threads }).pool);
  const shape = fc.record({
    words: fc.integer({ min: 0, max: 5_000 }),
    added: fc.integer({ min: 0, max: 4 }),
    subtracted: fc.integer({ min: 0, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(shape, fc.string(), fc.nat(2), async (size, seed, which) => {
      const job = randomJob(seed, size);
      const wanted = inOnePiece(job);
      await pools[which]?.run(job, signal);
      expect(job.words).toEqual(wanted);
      expect(isWiped(job)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test("several jobs at once share the threads, and each gets its own words", async () => {
  const { pool } = openPool({ threads: 2 });
  const jobs = ["a", "b", "c", "d", "e"].map((seed) => randomJob(seed, whole));
  const wanted = jobs.map(inOnePiece);
  await Promise.all(jobs.map((job) => pool.run(job, signal)));
  expect(jobs.map(({ words }) => words)).toEqual(wanted);
});

test("a job of fewer words than the border needs no thread, one of as many does", async () => {
  for (const [largeMaskWords, failures] of [
    [5 * whole.words + 1, 0],
    [5 * whole.words, 1],
  ] as const) {
    const { pool, log } = openPool({ threads: 1, largeMaskWords, script: failingScript("throw") });
    const job = randomJob("at the border", whole);
    const wanted = inOnePiece(job);
    await pool.run(job, signal);
    expect(job.words).toEqual(wanted);
    expect(log).toHaveLength(failures);
  }
});

test.each(["throw", "exit"] as const)(
  "threads that fail (%s) are told in the log, and the job is done all the same",
  async (how) => {
    const { pool, log } = openPool({ threads: 2, script: failingScript(how) });
    for (const seed of ["one", "two"]) {
      const job = randomJob(seed, whole);
      const wanted = inOnePiece(job);
      await pool.run(job, signal);
      expect(job.words).toEqual(wanted);
      expect(isWiped(job)).toBe(true);
    }
    const sentence = "an unmasking thread failed, the main thread does its part";
    expect(log).toEqual(Array(4).fill(sentence));
  },
);

test("an aborted job rejects with the reason, leaves no mask behind, and the next job is done", async () => {
  const { pool, log } = openPool({ threads: 1 });
  // Some seconds of work, and one that waits for it.
  const large = randomJob("large", { words: 1_000_000, added: 1_000, subtracted: 1_000 });
  const waiting = randomJob("waiting", whole);
  const stop = new AbortController();
  const running = [pool.run(large, stop.signal), pool.run(waiting, stop.signal)];
  const next = randomJob("next", whole);
  const wanted = inOnePiece(next);
  const after = pool.run(next, signal);
  stop.abort(new Error("the run was stopped"));
  for (const result of await Promise.allSettled(running))
    expect(result).toMatchObject({ reason: { message: "the run was stopped" } });
  expect([large, waiting].map(isWiped)).toEqual([true, true]);
  await after;
  expect(next.words).toEqual(wanted);
  expect(log).toEqual([]);
});

test("a job that is aborted before it begins changes nothing but its masks", async () => {
  const { pool } = openPool();
  const job = randomJob("late", whole);
  const before = job.words.slice();
  const aborted = AbortSignal.abort(new Error("too late"));
  await expect(pool.run(job, aborted)).rejects.toThrow("too late");
  expect(job.words).toEqual(before);
  expect(isWiped(job)).toBe(true);
});

test("a pool that closes ends its jobs, and takes no others", async () => {
  const { pool, log } = openPool({ threads: 1 });
  const large = randomJob("large", { words: 1_000_000, added: 1_000, subtracted: 1_000 });
  const running = pool.run(large, signal);
  const outcome = expect(running).rejects.toThrow("the unmasking threads are closed");
  await pool[Symbol.asyncDispose]();
  await outcome;
  await expect(pool.run(randomJob("after", whole), signal)).rejects.toThrow("are closed");
  expect(log).toEqual([]);
});

test.each([0, -1, 1.5, Number.NaN])("a pool of %d threads is refused", (threads) => {
  expect(() => openPool({ threads })).toThrow(RangeError);
});
