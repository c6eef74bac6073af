import { expect, test } from "vitest";
import type { CompletedRound, RunEvent } from "../operator/run.ts";
import { exampleResult } from "../report/testing/example-result.ts";
import { InterruptionDirector } from "./interruption.ts";

const progress = (round: number, phase: string): RunEvent => ({
  kind: "progress",
  round,
  attempt: 1,
  phase,
  delivered: 0,
  asked: 4,
});
const [template] = exampleResult.rounds;
const completed = (round: number, survivors: number): CompletedRound =>
  ({ ...template, round, survivors, cohort: 4 }) as CompletedRound;

test("the victim is killed once, when training begins in its round, and restarted once, when that round is completed", () => {
  const director = new InterruptionDirector({ participant: "carol", round: 2, participants: 4 });
  const events: RunEvent[] = [
    progress(1, "training"),
    { kind: "completed", round: completed(1, 4) },
    progress(2, "selecting"),
    progress(2, "training"),
    progress(2, "training"),
    progress(2, "collecting"),
    { kind: "completed", round: completed(2, 3) },
    progress(3, "training"),
    { kind: "completed", round: completed(3, 4) },
  ];
  const steps = events.map((event) => director.next(event));
  expect(steps[3]).toEqual({ action: "kill", round: 2 });
  expect(steps[6]).toEqual({ action: "restart", round: 2 });
  expect(steps.filter((step) => step !== undefined)).toHaveLength(2);
  expect(director.outcome([completed(1, 4), completed(2, 3), completed(3, 4)])).toEqual({
    participant: "carol",
    round: 2,
    phase: "training",
    survivors: 3,
    participants: 4,
    returnedInRound: 3,
  });
});

test("a run that ends before the victim is back has no round of return", () => {
  const director = new InterruptionDirector({ participant: "carol", round: 1, participants: 4 });
  director.next(progress(1, "collecting"));
  expect(director.outcome([completed(1, 3), completed(2, 3)])).toMatchObject({
    phase: "collecting",
    returnedInRound: undefined,
  });
});

test("without a death there is no outcome", () => {
  const director = new InterruptionDirector({ participant: "carol", round: 9, participants: 4 });
  director.next(progress(1, "training"));
  expect(director.outcome([completed(1, 4)])).toBeUndefined();
});
