import { PlanError, parseRunPlan, type RunPlan } from "@chorus/aggregation";
import type {
  CompletedRound,
  ExplainedRun,
  RunEvent,
  RunEvidence,
  RunExplanation,
  RunSummary,
} from "../operator/run.ts";
import { formatProtection, whereModelsAre } from "../protection-text.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatTime,
  shortHash,
} from "../terminal/format.ts";
import { type Column, formatFields, formatTable } from "../terminal/table.ts";

/** A name and what it has. */
type Field = readonly [name: string, value: string];

const roundColumns: readonly Column[] = [
  { title: "round", align: "right" },
  { title: "survivors", align: "right" },
  { title: "attempts", align: "right" },
  { title: "accuracy before", align: "right" },
  { title: "loss before", align: "right" },
  { title: "bytes", align: "right" },
  { title: "time", align: "right" },
  { title: "model" },
  { title: "chain" },
];

/** Runs as a table, for `run ls`. */
export function formatRuns(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return "No runs yet. Start one with `chorus run start plan.json`.";
  return formatTable(
    [
      { title: "run" },
      { title: "name" },
      { title: "status" },
      { title: "rounds", align: "right" },
      { title: "started (UTC)" },
      { title: "model" },
    ],
    runs.map((run) => [
      shortHash(run.runId),
      run.name,
      run.status,
      `${run.completedRounds} of ${run.plannedRounds}`,
      formatTime(run.startedAtMs),
      shortHash(run.modelHash),
    ]),
  );
}

const evidenceColumns: readonly Column[] = [
  { title: "round", align: "right" },
  { title: "attempt", align: "right" },
  { title: "participant" },
  { title: "what was refused" },
  { title: "times", align: "right" },
  { title: "taken" },
  { title: "refused first" },
  { title: "at (UTC)" },
];

/** A run with its rounds, what it waits for and what participants were refused for, for `run show`. */
export function formatRun({ run, plan, rounds, evidence, explanation }: ExplainedRun): string {
  const completed =
    rounds.length === 0
      ? "No round is completed yet."
      : formatTable(roundColumns, rounds.map(roundCells));
  const parts = [formatStarted({ run, plan }), completed];
  const standing = run.status === "running" ? [`Now: ${explanation.summary}`] : [];
  const last = abandonmentFields(explanation);
  if (last.length > 0) standing.push(formatFields(last));
  if (standing.length > 0) parts.push(standing.join("\n"));
  if (evidence.length > 0)
    parts.push(`Refused messages:\n\n${formatTable(evidenceColumns, evidence.map(evidenceCells))}`);
  return parts.join("\n\n");
}

/** A run without its rounds, with how its updates are protected, for `run start`. */
export function formatStarted({ run, plan }: Pick<ExplainedRun, "run" | "plan">): string {
  return formatFields([...summaryFields(run), ...protectionFields(plan)]);
}

/** A run without its rounds, for `run stop`. */
export function formatSummary(run: RunSummary): string {
  return formatFields(summaryFields(run));
}

function summaryFields(run: RunSummary): readonly Field[] {
  return [
    ["run", run.runId],
    ["name", run.name],
    ["status", run.status],
    ["rounds", `${run.completedRounds} of ${run.plannedRounds}`],
    ["plan", run.planHash],
    ["model", run.modelHash],
    ["started", `${formatTime(run.startedAtMs)} UTC`],
    ["ended", run.endedAtMs === 0 ? "-" : `${formatTime(run.endedAtMs)} UTC`],
  ];
}

/** None for a plan that this version does not understand. */
function protectionFields(planText: string): readonly Field[] {
  const { protection } = understood(planText) ?? {};
  if (protection === undefined) return [];
  const fields: Field[] = [["protection", formatProtection(protection)]];
  if (protection.kind === "he") fields.push(["models", whereModelsAre]);
  return fields;
}

function understood(planText: string): RunPlan | undefined {
  try {
    return parseRunPlan(planText);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return undefined;
  }
}

/** What a run waits for, for `run why`. */
export function formatExplanation(explanation: RunExplanation): string {
  const { summary, phase, delivered, awaited, quorum } = explanation;
  const fields: (readonly [string, string])[] = [];
  if (phase !== "")
    fields.push(["phase", `${phase} (round ${explanation.round}, attempt ${explanation.attempt})`]);
  if (delivered.length > 0) fields.push(["delivered", delivered.join(", ")]);
  if (awaited.length > 0) fields.push(["awaited", awaited.join(", ")]);
  if (quorum > 0) fields.push(["enough at the soft deadline", `${quorum}`]);
  const { softDeadlineMs, hardDeadlineMs } = explanation;
  if (softDeadlineMs > 0) fields.push(["soft deadline", `in ${formatDuration(softDeadlineMs)}`]);
  if (hardDeadlineMs > 0) fields.push(["hard deadline", `in ${formatDuration(hardDeadlineMs)}`]);
  fields.push(...abandonmentFields(explanation));
  return fields.length === 0 ? summary : `${summary}\n\n${formatFields(fields)}`;
}

/** Why the last attempt was abandoned and who left it, and what a code among that means where it is not plain. */
function abandonmentFields({ summary, lastAbandonment }: RunExplanation) {
  const fields: (readonly [string, string])[] = [];
  if (lastAbandonment !== "") fields.push(["last attempt abandoned", lastAbandonment]);
  if (saysWrongSum(`${summary} ${lastAbandonment}`)) fields.push(["wrong-sum", wrongSum]);
  return fields;
}

const wrongSum =
  "a participant found that a sum does not hold: in a masked run the published one of an earlier round, see `chorus verify`; " +
  "in an encrypted run this attempt's, and only its log says how";

/** Whether somebody left with this code. */
function saysWrongSum(text: string): boolean {
  return text.includes("(wrong-sum)");
}

/** One line for an event, for `run start --watch`. */
export function formatEvent(event: RunEvent): string {
  switch (event.kind) {
    case "run":
      return `run ${shortHash(event.run.runId)} ${event.run.status}: ${event.run.completedRounds} of ${event.run.plannedRounds} rounds`;
    case "progress":
      return `round ${event.round}: ${event.phase} ${event.delivered}/${event.asked}`;
    case "abandoned": {
      const meaning = saysWrongSum(event.reason) ? `; wrong-sum: ${wrongSum}` : "";
      return `round ${event.round}: attempt ${event.attempt} abandoned, ${event.reason}${meaning}`;
    }
    case "completed":
      return `round ${event.round.round}: completed with ${event.round.survivors} of ${event.round.cohort}, model ${shortHash(event.round.modelHash)}`;
    case "committed":
      return `round ${event.round}: on the chain in block ${event.ledgerEntry.blockNumber}`;
  }
}

/** What a kind of evidence means, short enough for a column. */
const evidenceTexts = {
  contradiction: "another message",
  "late-upload": "a late update",
} satisfies Record<RunEvidence["kind"], string>;

function evidenceCells(evidence: RunEvidence): readonly string[] {
  const { takenDigest } = evidence;
  return [
    `${evidence.round}`,
    `${evidence.attempt}`,
    evidence.name,
    `${evidenceTexts[evidence.kind]} for ${evidence.step}`,
    formatCount(evidence.refusals),
    takenDigest === "" ? "-" : shortHash(takenDigest),
    shortHash(evidence.refusedDigest),
    formatTime(evidence.firstAtMs),
  ];
}

/** Share of the survivors' hold-outs that the round's parent model classifies rightly. */
function parentAccuracy(round: CompletedRound): number {
  return round.evaluationCorrect / round.evaluationExamples;
}

function roundCells(round: CompletedRound): readonly string[] {
  return [
    `${round.round}`,
    `${round.survivors} of ${round.cohort}`,
    formatCount(round.attempts),
    formatShare(parentAccuracy(round)),
    round.evaluationExamples === 0 ? "-" : round.evaluationLoss.toFixed(4),
    formatBytes(round.receivedBytes + round.sentBytes),
    formatDuration(round.endedAtMs - round.startedAtMs),
    shortHash(round.modelHash),
    round.ledgerEntry === undefined ? "waits" : `block ${round.ledgerEntry.blockNumber}`,
  ];
}
