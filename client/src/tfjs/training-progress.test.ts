import { expect, test } from "vitest";
import { TrainingProgress } from "./training-progress.ts";

test("a line is written every ten seconds, with the time that is left at the pace so far", () => {
  let nowMs = 500;
  const lines: unknown[] = [];
  const log = { info: (...line: unknown[]) => lines.push(line) };
  const progress = new TrainingProgress(log, 400, () => nowMs);
  nowMs = 10_499;
  progress.report(99, 99);
  expect(lines).toEqual([]);
  nowMs = 10_500;
  progress.report(100, 150);
  nowMs = 20_499;
  progress.report(199, 200);
  nowMs = 20_500;
  progress.report(100, 125);
  expect(lines).toEqual([
    [{ step: 100, steps: 400, meanLoss: 1.5, secondsLeft: 30 }, "training"],
    [{ step: 100, steps: 400, meanLoss: 1.25, secondsLeft: 60 }, "training"],
  ]);
});
