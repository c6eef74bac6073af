import { expect, test } from "vitest";
import type { RunExplanation, RunSummary } from "../operator/run.ts";
import { exampleResult } from "../report/testing/example-result.ts";
import { samplePlan } from "../verify/testing/sample-plan.ts";
import {
  formatEvent,
  formatExplanation,
  formatRun,
  formatRuns,
  formatStarted,
} from "./run-text.ts";

const run: RunSummary = {
  runId: "3f".repeat(32),
  name: "mnist-mlp",
  status: "running",
  planHash: "aa".repeat(32),
  plannedRounds: 6,
  completedRounds: 1,
  modelHash: "bb".repeat(32),
  initialModelHash: "cc".repeat(32),
  startedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  endedAtMs: 0,
};

const explanation: RunExplanation = {
  summary: "round 2, attempt 1, is training: waits for carol",
  round: 2,
  attempt: 1,
  phase: "training",
  delivered: ["alice", "bob"],
  awaited: ["carol"],
  quorum: 3,
  softDeadlineMs: 0,
  hardDeadlineMs: 65_000,
  lastAbandonment: "",
};

const shown = { run, plan: "{}", rounds: [], evidence: [], explanation };

test("runs are listed with status, rounds and time", () => {
  expect(formatRuns([run]).split("\n")[2]).toBe(
    "3f3f3f3f3f3f  mnist-mlp  running  1 of 6  2026-01-02 03:04:05  bbbbbbbbbbbb",
  );
});

test("a run that goes on has no end, and its rounds say where they stand on the chain", () => {
  const [first] = exampleResult.rounds;
  if (first === undefined) throw new Error("the example has no round");
  const waiting = { ...first, round: 2, evaluationExamples: 0, ledgerEntry: undefined };
  const text = formatRun({ ...shown, rounds: [first, waiting] });
  expect(text).toMatch(/^ended +-$/m);
  expect(text).toMatch(/^ +1 +4 of 4 +1 +86\.67 % +0\.4000 .* block 2$/m);
  expect(text).toMatch(/^ +2 +4 of 4 +1 +- +- .* waits$/m);
  expect(text).not.toContain("Refused");
});

test("a run shows whose messages were refused, how often, and what tells them apart", () => {
  const contradiction = {
    round: 2,
    attempt: 3,
    participantId: "ab".repeat(16),
    name: "north",
    kind: "contradiction",
    step: "unmasking",
    takenDigest: "dd".repeat(32),
    refusedDigest: "ee".repeat(32),
    takenSignature: "",
    refusedSignature: "",
    refusals: 1_000_000,
    firstAtMs: Date.UTC(2026, 0, 2, 3, 4, 6),
  } as const;
  const late = {
    ...contradiction,
    kind: "late-upload",
    step: "collecting",
    takenDigest: "",
  } as const;
  const text = formatRun({ ...shown, evidence: [contradiction, late] });
  expect(text).toContain("No round is completed yet.");
  expect(text).toMatch(
    /^ +2 +3 +north +another message for unmasking +1.000.000 +d{12} +e{12} +2026-01-02 03:04:06$/m,
  );
  expect(text).toMatch(/^ +2 +3 +north +a late update for collecting .* - +e{12} +2026/m);
});

test("a run that all participants refuse shows who left, with which code, and what the code means", () => {
  const left = "site-0 (wrong-sum), site-1 (wrong-sum)";
  const lastAbandonment = `too few trained: 0 of 2, wanted 2; left: ${left}`;
  const summary = "round 2 was abandoned; next attempt in 4.0 s";
  const refused = { ...explanation, summary, lastAbandonment };
  const meaning =
    "a participant found that a sum does not hold: in a masked run the published one of an earlier round, see `chorus verify`; in an encrypted run this attempt's, and only its log says how";
  for (const text of [formatRun({ ...shown, explanation: refused }), formatExplanation(refused)]) {
    expect(text).toContain(summary);
    expect(text).toMatch(/^last attempt abandoned +too few trained: .* site-1 \(wrong-sum\)$/m);
    expect(text).toMatch(new RegExp(`^wrong-sum +${meaning}$`, "m"));
  }
  const reason = lastAbandonment;
  expect(formatEvent({ kind: "abandoned", round: 2, attempt: 1, reason })).toBe(
    `round 2: attempt 1 abandoned, ${reason}; wrong-sum: ${meaning}`,
  );
});

test("a run says how its updates are protected, and an encrypted one where its models are", () => {
  const masked = JSON.stringify(samplePlan);
  const protection = { ...samplePlan.protection, kind: "he", valueBits: 15 };
  const encrypted = JSON.stringify({ ...samplePlan, protection });
  for (const text of [
    formatRun({ ...shown, plan: encrypted }),
    formatStarted({ run, plan: encrypted }),
  ]) {
    expect(text).toMatch(/^protection +homomorphic encryption over masks, 15 bits a value$/m);
    expect(text).toMatch(
      /^models +at the participants: `chorus participant model` writes one to a file$/m,
    );
  }
  const plain = formatRun({ ...shown, plan: masked });
  expect(plain).toMatch(/^protection +masking$/m);
  expect(plain).not.toContain("at the participants");
  expect(formatRun({ ...shown, plan: "{}" })).not.toContain("protection");
});

test("a run shows what it waits for while it runs, and says nothing of it when it has ended", () => {
  expect(formatRun(shown)).toContain(`Now: ${explanation.summary}`);
  const ended = formatRun({ ...shown, run: { ...run, status: "completed" } });
  expect(ended).not.toMatch(/Now:|abandoned|wrong-sum/);
});

test("an explanation names who is awaited and until when, and leaves out what there is not", () => {
  const text = formatExplanation(explanation);
  expect(text).toMatch(/^round 2, attempt 1, is training: waits for carol\n\n/);
  expect(text).toMatch(/^awaited +carol$/m);
  expect(text).toMatch(/^hard deadline +in 1 min 05 s$/m);
  expect(text).not.toMatch(/soft deadline +in|abandoned/);
  const ended = { ...explanation, phase: "", delivered: [], awaited: [], quorum: 0 };
  const { summary } = explanation;
  expect(formatExplanation({ ...ended, hardDeadlineMs: 0 })).toBe(summary);
});

test("every kind of event is one line", () => {
  const [round] = exampleResult.rounds;
  if (round?.ledgerEntry === undefined) throw new Error("the example's round is not committed");
  const where = { round: 1, attempt: 2 };
  const lines = [
    formatEvent({ kind: "run", run }),
    formatEvent({ kind: "progress", ...where, phase: "training", delivered: 1, asked: 4 }),
    formatEvent({ kind: "abandoned", ...where, reason: "the quorum was lost" }),
    formatEvent({ kind: "completed", round }),
    formatEvent({ kind: "committed", round: 1, ledgerEntry: round.ledgerEntry }),
  ];
  expect(lines).toEqual([
    "run 3f3f3f3f3f3f running: 1 of 6 rounds",
    "round 1: training 1/4",
    "round 1: attempt 2 abandoned, the quorum was lost",
    "round 1: completed with 4 of 4, model 010101010101",
    "round 1: on the chain in block 2",
  ]);
});
