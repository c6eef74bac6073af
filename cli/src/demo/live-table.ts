import { formatBytes, formatDuration, formatShare, shortHash } from "../terminal/format.ts";
import { type Column, formatTable } from "../terminal/table.ts";
import type { RoundLine, RunProgress } from "./progress.ts";

const columns: readonly Column[] = [
  { title: "round", align: "right" },
  { title: "phase" },
  { title: "reports", align: "right" },
  { title: "accuracy", align: "right" },
  { title: "bytes", align: "right" },
  { title: "time", align: "right" },
  { title: "model" },
  { title: "chain" },
];

/** The present state of a run as a table of its rounds. */
export function formatProgress(progress: RunProgress, nowMs: number): string {
  const { run, lines } = progress;
  const head = `run ${shortHash(run.runId)}  ${run.name}  ${run.completedRounds} of ${run.plannedRounds} rounds  ${formatDuration(Math.max(0, nowMs - run.startedAtMs))}`;
  return `${head}\n\n${formatTable(
    columns,
    lines.map((line) => cells(line, nowMs)),
  )}\n`;
}

/** A completed round in one line, where tables cannot be rewritten. */
export function formatRoundLine(line: RoundLine): string {
  const { completed, accuracy } = line;
  if (completed === undefined) return `round ${line.round}: ${line.phase}`;
  const parts = [
    `${completed.survivors} of ${line.asked} reports`,
    `accuracy ${formatShare(accuracy ?? Number.NaN)}`,
    formatBytes(completed.receivedBytes + completed.sentBytes),
    formatDuration(completed.endedAtMs - completed.startedAtMs),
    `model ${shortHash(completed.modelHash)}`,
  ];
  return `round ${line.round}: ${parts.join(", ")}`;
}

function cells(line: RoundLine, nowMs: number): readonly string[] {
  const { completed, accuracy, block } = line;
  const timeMs =
    completed === undefined
      ? Math.max(0, nowMs - line.startedAtMs)
      : completed.endedAtMs - completed.startedAtMs;
  return [
    `${line.round}`,
    line.attempt > 1 ? `${line.phase} (attempt ${line.attempt})` : line.phase,
    `${line.delivered}/${line.asked}`,
    accuracy === undefined ? "" : formatShare(accuracy),
    completed === undefined ? "" : formatBytes(completed.receivedBytes + completed.sentBytes),
    formatDuration(timeMs),
    completed === undefined ? "" : shortHash(completed.modelHash),
    block === undefined ? "" : `block ${block}`,
  ];
}
