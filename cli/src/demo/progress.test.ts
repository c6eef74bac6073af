import { expect, test } from "vitest";
import type { RunEvent, RunSummary } from "../operator/run.ts";
import { exampleResult } from "../report/testing/example-result.ts";
import { formatProgress, formatRoundLine } from "./live-table.ts";
import { RunProgress } from "./progress.ts";

const run: RunSummary = {
  runId: exampleResult.runId,
  name: "mnist-mlp",
  status: "running",
  planHash: exampleResult.planHash,
  plannedRounds: 6,
  completedRounds: 0,
  modelHash: "00".repeat(32),
  initialModelHash: "00".repeat(32),
  startedAtMs: 1000,
  endedAtMs: 0,
};
const [, , third] = exampleResult.rounds;
if (third === undefined) throw new Error("the example has no third round");
const ledgerEntry = { entry: "ee".repeat(32), transactionHash: "ff".repeat(32), blockNumber: 9 };

test("a round's line follows its phases, its completion, its measurement and its commit", () => {
  const progress = new RunProgress(run);
  const training: RunEvent = {
    kind: "progress",
    round: 3,
    attempt: 2,
    phase: "training",
    delivered: 1,
    asked: 4,
  };
  progress.apply(training, 5000);
  expect(formatProgress(progress, 6500)).toContain("3  training (attempt 2)      1/4");
  expect(formatProgress(progress, 6500)).toContain("1.5 s");
  progress.apply({ kind: "completed", round: { ...third, ledgerEntry: undefined } }, 7000);
  progress.measured(3, 0.905, 7100);
  progress.apply({ kind: "committed", round: 3, ledgerEntry }, 7200);
  const table = formatProgress(progress, 9000);
  expect(table).toContain("completed");
  expect(table).toMatch(/3\/4 +90\.50 % +642 kB +2\.2 s +030303030303 +block 9/);
  expect(progress.completed).toHaveLength(1);
});

test("a completed round in one line names reports, accuracy, bytes, time and model", () => {
  const progress = new RunProgress(run);
  progress.apply({ kind: "completed", round: third }, 1);
  progress.measured(3, 0.905, 2);
  expect(progress.lines.map(formatRoundLine)).toEqual([
    "round 3: 3 of 4 reports, accuracy 90.50 %, 642 kB, 2.2 s, model 030303030303",
  ]);
});

test("rounds are shown in their order, whichever order they are heard of in", () => {
  const progress = new RunProgress(run);
  progress.measured(2, 0.5, 1);
  progress.measured(1, 0.4, 2);
  expect(progress.lines.map(({ round }) => round)).toEqual([1, 2]);
});
