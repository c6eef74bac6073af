import { initialModel, layoutOf } from "@chorus/aggregation";
import { expect, onTestFinished, test, vi } from "vitest";
import { HIDDEN_LAYER, imagePlan, imagesByRow } from "./samples.test-support.ts";
import { createTrainer } from "./trainer.ts";
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

test("a trainer tells how far it is, where its steps take long", async () => {
  const plan = imagePlan(HIDDEN_LAYER, { localSteps: 3 });
  const lines: unknown[][] = [];
  const log = { info: (...line: unknown[]) => lines.push(line), warn: () => undefined };
  const options = { plan, dataset: imagesByRow(80, "site"), selfTest: false, log };
  const never = new AbortController().signal;
  using trainer = await createTrainer(options, never);
  let nowMs = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => (nowMs += 10_000));
  onTestFinished(() => clock.mockRestore());
  await trainer.train(initialModel(layoutOf(plan.model), plan.seed), "round", never);
  const told = lines.filter(([, sentence]) => sentence === "training");
  expect(told.map(([fields]) => fields)).toMatchObject(
    [1, 2, 3].map((step) => ({ step, steps: 3 })),
  );
});
