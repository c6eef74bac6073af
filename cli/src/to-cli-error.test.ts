import { setTimeout as sleep } from "node:timers/promises";
import { ClientError } from "@chorus/client";
import { expect, test } from "vitest";
import { CliError } from "./cli-error.ts";
import { toCliError } from "./to-cli-error.ts";

const never = new AbortController().signal;
const reason = new Error("stopped by a signal");
const stopped = AbortSignal.abort(reason);

test("what a signal broke off is interrupted, also where Node has wrapped its reason", async () => {
  const wrapped: unknown = await sleep(1, undefined, { signal: stopped }).catch((error) => error);
  expect(wrapped).not.toBe(reason);
  for (const error of [reason, wrapped, new Error("in a task", { cause: wrapped })])
    expect(toCliError(error, stopped)).toMatchObject({ code: "interrupted", exitCode: 130 });
});

test("without a signal nothing counts as interrupted", () => {
  expect(toCliError(reason, never)).toMatchObject({ code: "failed" });
});

test("an error of closing is told although the command was interrupted, and before what it suppressed", () => {
  const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
  expect(toCliError(full, stopped)).toMatchObject({ code: "failed", message: "no space left" });
  const both = new SuppressedError(full, reason);
  expect(toCliError(both, stopped)).toMatchObject({ code: "failed", message: "no space left" });
  const twice = new SuppressedError(reason, new SuppressedError(reason, full));
  expect(toCliError(twice, stopped)).toMatchObject({ message: "no space left" });
  expect(toCliError(new SuppressedError(reason, reason), stopped).code).toBe("interrupted");
});

test("the command's own errors pass, and those of packages get their exit code and a hint", () => {
  const own = new CliError("unknown-run", "there is no run", "");
  expect(toCliError(own, stopped)).toBe(own);
  expect(own.exitCode).toBe(2);
  const unwritable = new ClientError("unwritable", "cannot keep an identity in x");
  expect(toCliError(unwritable, never)).toMatchObject({
    exitCode: 2,
    hint: expect.stringContaining("--state-dir"),
  });
  const inUse = new ClientError("identity-in-use", "this identity is in use elsewhere");
  expect(toCliError(inUse, never)).toMatchObject({ code: "refused", exitCode: 1 });
});
