import { engine, getBackend, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { onBackend, openBackend } from "./backend.ts";

const NEVER = new AbortController().signal;

test("starting the backend leaves no handler of uncaught errors on the process", async () => {
  const handlers = () => [
    ...process.listeners("uncaughtException"),
    ...process.listeners("unhandledRejection"),
  ];
  const before = handlers();
  await openBackend(NEVER);
  expect(getBackend()).toBe("wasm");
  expect(handlers()).toEqual(before);
});

test("the backend is the same one however often and at once it is opened", async () => {
  await openBackend(NEVER);
  const first = engine().registry["wasm"];
  await Promise.all([openBackend(NEVER), openBackend(NEVER)]);
  expect(engine().registry["wasm"]).toBe(first);
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
