import { expect, test } from "vitest";
import { FakeSleep } from "../testing/fake-sleep.ts";
import { beforeDeadline } from "./deadline.ts";

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("work that is not done in time is aborted with a TimeoutError", async () => {
  const time = new FakeSleep();
  const { signal } = new AbortController();
  const result = beforeDeadline(60_000, time.sleep, untilAborted, signal);
  time.elapse(60_000);
  await expect(result).rejects.toMatchObject({ name: "TimeoutError" });
});

test("work that is done in time leaves no wait behind", async () => {
  const time = new FakeSleep();
  const { signal } = new AbortController();
  expect(await beforeDeadline(60_000, time.sleep, async () => "done", signal)).toBe("done");
  expect(time.longWaits).toEqual([]);
});

test("an abort reaches the work as it is, and leaves no wait behind", async () => {
  const time = new FakeSleep();
  const abort = new AbortController();
  const result = beforeDeadline(60_000, time.sleep, untilAborted, abort.signal);
  abort.abort(new Error("the round has ended"));
  await expect(result).rejects.toThrow("the round has ended");
  expect(time.longWaits).toEqual([]);
});

test("a deadline that a timer cannot hold is the longest that it can", async () => {
  const time = new FakeSleep();
  const { signal } = new AbortController();
  const result = beforeDeadline(2 ** 32 - 1, time.sleep, untilAborted, signal);
  expect(time.longWaits).toEqual([2 ** 31 - 1]);
  time.elapse(2 ** 31 - 1);
  await expect(result).rejects.toMatchObject({ name: "TimeoutError" });
});
