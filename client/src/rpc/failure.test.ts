import { Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { describeFailure, failureOf, isFinalRefusal, isIdentityInUse } from "./failure.ts";

function failed(code: status, details = "why"): Error {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}

test.each([
  ["UNAVAILABLE", "interrupted"],
  ["DEADLINE_EXCEEDED", "interrupted"],
  ["CANCELLED", "interrupted"],
  ["RESOURCE_EXHAUSTED", "interrupted"],
  ["UNAUTHENTICATED", "no-session"],
  ["FAILED_PRECONDITION", "too-late"],
  ["NOT_FOUND", "refused"],
  ["INVALID_ARGUMENT", "refused"],
  ["ALREADY_EXISTS", "refused"],
  ["INTERNAL", "refused"],
  ["UNIMPLEMENTED", "refused"],
] as const)("%s means that a call was %s", (name, failure) => {
  expect(failureOf(failed(status[name]))).toBe(failure);
});

test("a socket that breaks in the middle of an upload is an interruption, though grpc-js calls it INTERNAL", () => {
  const details = "Received RST_STREAM with code 2 triggered by internal client error: write EPIPE";
  expect(failureOf(failed(status.INTERNAL, details))).toBe("interrupted");
});

test("an error that no call made is no failure of a call", () => {
  expect(failureOf(new TypeError("bug"))).toBeUndefined();
  expect(failureOf(Object.assign(new Error("open"), { code: "ENOENT" }))).toBeUndefined();
});

test("a session that is not known yet is no final refusal", () => {
  expect(isFinalRefusal(failed(status.PERMISSION_DENIED))).toBe(true);
  expect(isFinalRefusal(failed(status.UNAUTHENTICATED))).toBe(false);
  expect(isFinalRefusal(failed(status.UNAVAILABLE))).toBe(false);
});

test("an identity that is in use elsewhere is told from an upload that was replaced", () => {
  expect(isIdentityInUse(failed(status.ABORTED, "identity-in-use: of north"))).toBe(true);
  expect(isIdentityInUse(failed(status.ABORTED, "replaced-upload: another began"))).toBe(false);
});

test("a failure is described by its status and the coordinator's words", () => {
  expect(describeFailure(failed(status.NOT_FOUND, "no such round"))).toBe(
    "NOT_FOUND: no such round",
  );
});
