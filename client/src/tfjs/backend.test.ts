import { getBackend, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { onBackend, openBackend } from "./backend.ts";

const NEVER = new AbortController().signal;

/** The process' handlers of errors that nobody caught. */
function handlers(): unknown[] {
  return [...process.listeners("uncaughtException"), ...process.listeners("unhandledRejection")];
}

test("the backend starts once, however often and at once it is opened, and leaves no handler on the process", async () => {
  const before = handlers();
  let starts = 0;
  // Each start adds one such handler for a while.
  const count = (event: string | symbol) => {
    if (event === "uncaughtException") starts++;
  };
  process.on("newListener", count);
  await Promise.all([openBackend(NEVER), openBackend(NEVER)]);
  await openBackend(NEVER);
  process.off("newListener", count);
  expect(starts).toBe(1);
  expect(getBackend()).toBe("wasm");
  expect(handlers()).toEqual(before);
});

test("an aborted signal leaves the backend unopened and surfaces as its reason", async () => {
  const reason = new Error("the site shuts down");
  await expect(openBackend(AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("a computation on the reference leaves the training backend selected for everybody else", async () => {
  await openBackend(NEVER);
  const computing = onBackend("cpu", () => [getBackend(), tidy(() => tensor1d([1, 2]).dataSync())]);
  expect(getBackend()).toBe("wasm");
  expect(await computing).toEqual(["cpu", Float32Array.of(1, 2)]);
  const failing = onBackend("cpu", () => {
    throw new Error("no memory");
  });
  expect(getBackend()).toBe("wasm");
  await expect(failing).rejects.toThrow("no memory");
});
