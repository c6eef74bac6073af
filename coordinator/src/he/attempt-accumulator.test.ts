import {
  type EncryptedRoundConfig,
  encryptedSumBytes,
  heConfigFor,
  heParametersOf,
  valueCountOf,
} from "@chorus/aggregation";
import { ParticipantCipher } from "@chorus/aggregation/he";
import { type Logger, pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createRegistry, RoundMetrics } from "../metrics.ts";
import type { Ciphertexts } from "../round/encrypted-accumulator.ts";
import { EncryptedRoundStage } from "../testing/encrypted-round-stage.ts";
import { AttemptAccumulator, sumScript } from "./attempt-accumulator.ts";
import { failingScript } from "./testing/failing-script.ts";

const { signal } = new AbortController();
const noMasks = () => ({ added: new Uint8Array(0), subtracted: new Uint8Array(0) });
const keySeed = new Uint8Array(32).fill(7);
const lost = "the encrypted sum was lost: its thread ended";

/** A configuration, as far as an accumulator looks at it. */
function configOf(dimension: number): EncryptedRoundConfig {
  const cohort = Array.from({ length: 128 }, () => ({}));
  const he = heConfigFor(8, cohort.length, "");
  return { he, cohort, dimension } as unknown as EncryptedRoundConfig;
}

/** An accumulator for one test, and what it logs. */
function openAccumulator(script = sumScript): { sum: AttemptAccumulator; log: string[] } {
  const log: string[] = [];
  const logger: Logger = pino({}, { write: (line) => void log.push(JSON.parse(line).msg) });
  const metrics = new RoundMetrics(createRegistry());
  const sum = new AttemptAccumulator(script, { metrics, log: logger });
  onTestFinished(() => sum[Symbol.asyncDispose]());
  return { sum, log };
}

/** A participant's ciphertexts, of `value` as every value. */
async function encrypted(config: EncryptedRoundConfig, value: number): Promise<Ciphertexts> {
  using cipher = await ParticipantCipher.open(heParametersOf(config), keySeed);
  const values = new Uint16Array(valueCountOf(config)).fill(value);
  return cipher.encrypt(values, noMasks()).slice();
}

test("updates that are added by the thread are the sum that the key opens; a refused one is not in it", async () => {
  const { sum } = openAccumulator();
  const config = configOf(10);
  for (const value of [3, 200]) {
    const update = await encrypted(config, value);
    const checked = await sum.check(config, update);
    expect(update.buffer.detached).toBe(true);
    await sum.add(config, checked);
    expect(checked.buffer.detached).toBe(true);
  }
  const zeros = async () => (await encrypted(config, 5)).fill(0, 0, 64);
  await expect(sum.check(config, await zeros())).rejects.toMatchObject({
    name: "HeError",
    code: "transparent",
    message: "chunk 0: the seed is all zero",
  });
  const encryptedSum = await sum.takeOff(config, noMasks(), signal);
  expect(encryptedSum).toHaveLength(encryptedSumBytes(config));
  using cipher = await ParticipantCipher.open(heParametersOf(config), keySeed);
  const count = valueCountOf(config);
  expect(cipher.openSum(encryptedSum, count, 2)).toEqual(new Uint32Array(count).fill(203));
  expect(sum.lost.aborted).toBe(false);
  await expect(sum.check(config, await zeros())).rejects.toMatchObject({ code: "wrong-phase" });
});

test("memory does not grow with the number of participants", async () => {
  const { sum } = openAccumulator();
  const config = configOf(400_000);
  const update = await encrypted(config, 1);
  const addOne = async () => sum.add(config, await sum.check(config, update.slice()));
  for (let warm = 0; warm < 8; warm++) await addOne();
  const before = process.memoryUsage.rss();
  let bytes = 0;
  for (; bytes < 160 * 2 ** 20; bytes += update.length) await addOne();
  // What 160 MiB of ciphertexts leave behind is less than half of them: the heap's own ups and downs.
  expect(process.memoryUsage.rss() - before).toBeLessThan(bytes / 2);
});

test("what waits when the thread ends goes on, what is asked for later is refused, and both is told in the log once", async () => {
  const { sum, log } = openAccumulator(failingScript("throw", "add"));
  const config = configOf(10);
  const [one, late] = [
    await sum.check(config, new Uint8Array(8)),
    await sum.check(config, new Uint8Array(8)),
  ];
  const adding = sum.add(config, one);
  const checking = expect(sum.check(config, new Uint8Array(8))).rejects.toMatchObject({
    code: "wrong-phase",
  });
  await Promise.all([adding, checking]);
  expect(sum.lost.reason).toBe(lost);
  await sum.add(config, late);
  await expect(sum.check(config, new Uint8Array(8))).rejects.toMatchObject({ message: lost });
  await expect(sum.takeOff(config, noMasks(), signal)).rejects.toBe(lost);
  expect(log).toEqual(["the thread of an encrypted sum ended"]);
});

test("masks are overwritten whatever becomes of the thread, and a stopped round does not wait for it", async () => {
  const { sum } = openAccumulator(failingScript("exit", "take-off"));
  const masks = () => ({
    added: new Uint8Array(32).fill(1),
    subtracted: new Uint8Array(64).fill(2),
  });
  const config = configOf(10);
  const stopped = masks();
  const aborted = AbortSignal.abort(new Error("stopped by an operator"));
  await expect(sum.takeOff(config, stopped, aborted)).rejects.toThrow("stopped by an operator");
  const given = masks();
  await expect(sum.takeOff(config, given, signal)).rejects.toThrow("ended with code 7");
  expect(sum.lost.reason).toBe(lost);
  for (const { added, subtracted } of [stopped, given])
    expect([...added, ...subtracted].every((byte) => byte === 0)).toBe(true);
});

test("an accumulator that is disposed starts no thread any more and does not call that a failure", async () => {
  const { sum, log } = openAccumulator();
  const config = configOf(10);
  await sum.check(config, await encrypted(config, 1));
  await sum[Symbol.asyncDispose]();
  await expect(sum.check(config, new Uint8Array(8))).rejects.toMatchObject({ code: "wrong-phase" });
  await openAccumulator().sum[Symbol.asyncDispose]();
  expect(log).toEqual([]);
});

test.each([
  ["throw", "start"],
  ["exit", "check"],
  ["throw", "add"],
  ["exit", "take-off"],
] as const)(
  "a round whose sum is lost (%s at %s) is abandoned with that reason, and nothing hangs",
  async (how, kind) => {
    const script = failingScript(how, kind);
    await using stage = new EncryptedRoundStage(kind, { size: 3, script });
    expect(await stage.play()).toMatchObject({ phase: "abandoned", reason: lost });
    expect(stage.log).toEqual(["the thread of an encrypted sum ended"]);
  },
);
