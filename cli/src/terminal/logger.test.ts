import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createLogger, formatLogLine } from "./logger.ts";

const record = (isHuman: boolean): string => {
  const destination = new PassThrough();
  const log = createLogger(destination, { level: "info", isHuman });
  log.debug("not to be seen");
  log.info({ round: 3, runId: "ab".repeat(32) }, "round completed");
  return String(destination.read());
};

test("for programs a record is one line of JSON", () => {
  const line = record(false);
  expect(JSON.parse(line)).toMatchObject({ level: 30, msg: "round completed", round: 3 });
  expect(line.trimEnd()).not.toContain("\n");
});

test("for people a record is time, level, message and fields, with hashes cut", () => {
  expect(record(true)).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} info {2}round completed round=3 runId=abababababab\n$/,
  );
});

test("an error's stack follows its record", () => {
  const err = { message: "no", stack: "Error: no\n    at here" };
  const line = formatLogLine(JSON.stringify({ level: 50, time: "", msg: "failed", err }));
  expect(line).toBe(" ERROR failed\n    Error: no\n        at here");
});
