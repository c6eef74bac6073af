import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

const NEVER = new AbortController().signal;

test("a turn is due 10 ms after the last one and not before", async () => {
  let nowMs = 1000;
  const turns = new Turns(() => nowMs);
  nowMs = 1009.9;
  expect(turns.isDue).toBe(false);
  nowMs = 1010;
  expect(turns.isDue).toBe(true);
  await turns.take(NEVER);
  expect(turns.isDue).toBe(false);
  nowMs = 1020;
  expect(turns.isDue).toBe(true);
});

test("a turn serves what waits for the event loop, and an abort that arrives ends the work", async () => {
  const shutdown = new AbortController();
  const reason = new Error("the site shuts down");
  const turns = new Turns(() => 0);
  setImmediate(() => shutdown.abort(reason));
  await expect(turns.take(shutdown.signal)).rejects.toBe(reason);
});
