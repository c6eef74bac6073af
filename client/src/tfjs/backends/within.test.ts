import { expect, test } from "vitest";
import { within } from "./within.ts";

const NEVER = new AbortController().signal;
const FAILED = { name: "ClientError", code: "backend-failed" };

test("a driver that answers in time is heard", async () => {
  expect(await within(Promise.resolve("device"), 10_000, "no device", NEVER)).toBe("device");
});

test("a driver that never answers is given up", async () => {
  const answer = within(new Promise(() => undefined), 1, "no device", NEVER);
  await expect(answer).rejects.toMatchObject({ ...FAILED, message: "no device within 1 ms" });
});

test("a driver that fails is quoted", async () => {
  const answer = within(Promise.reject(new Error("out of memory")), 10_000, "no device", NEVER);
  await expect(answer).rejects.toMatchObject({ ...FAILED, message: "no device: out of memory" });
});

test("an abort surfaces as its reason", async () => {
  const reason = new Error("the site shuts down");
  const shutdown = new AbortController();
  const answer = within(new Promise(() => undefined), 10_000, "no device", shutdown.signal);
  shutdown.abort(reason);
  await expect(answer).rejects.toBe(reason);
});
