import type { Plan } from "@chorus/aggregation";
import type { ColumnSummary, Survey } from "@chorus/client";
import { formatCount, formatShare } from "../terminal/format.ts";
import { type Column, formatFields, formatTable } from "../terminal/table.ts";

/** A survey and what it was of. */
export interface CheckedData {
  /** The plan's name. */
  readonly plan: string;
  readonly format: Plan["data"]["format"];
  readonly path: string;
  readonly survey: Survey;
}

/** A survey for people. It quotes data: for the terminal of the site alone. */
export function formatSurvey({ plan, format, path, survey }: CheckedData): string {
  return [
    `${path} as a participant reads it for the plan ${plan} (${format}). Nothing has left this machine.`,
    "",
    formatFields(fieldsOf(survey)),
    ...(survey.columns.length === 0 ? [] : ["", formatColumns(survey.columns)]),
    ...list("Warnings", survey.warnings),
    ...list(problemsTitle(survey), survey.problems),
  ].join("\n");
}

function problemsTitle({ isComplete, problems }: Survey): string {
  return isComplete ? `Problems (${problems.length})` : "Problems until the reading ended";
}

function list(title: string, texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [] : ["", `${title}:`, ...texts.map((text) => `- ${text}`)];
}

function fieldsOf(survey: Survey): readonly (readonly [string, string])[] {
  const { encoded, repetitions } = survey;
  const range =
    survey.examples === 0
      ? ""
      : `, from ${short(encoded.smallest)} to ${short(encoded.largest)} as the model gets them, mean ${short(encoded.mean)}`;
  const searched =
    repetitions.searched < survey.examples
      ? `, of the first ${formatCount(repetitions.searched)}`
      : "";
  return [
    ["examples", formatCount(survey.examples)],
    ...(survey.columns.length === 0 ? [] : [leftOut(survey)]),
    ["shape", `[${survey.featureShape.join(", ")}] numbers${range}`],
    ["classes", classesText(survey)],
    ["repeated", `${formatCount(repetitions.examples)} examples${searched}`],
  ];
}

function leftOut({ droppedRows }: Survey): readonly [string, string] {
  return ["left out", `${formatCount(droppedRows)} rows for missing values`];
}

function classesText({ classes, examples }: Survey): string {
  return classes
    .map(
      ({ name, examples: own }) => `${name}: ${formatCount(own)} (${formatShare(own / examples)})`,
    )
    .join(", ");
}

const columns: readonly Column[] = [
  { title: "column" },
  { title: "missing", align: "right" },
  { title: "imputed", align: "right" },
  { title: "smallest", align: "right" },
  { title: "mean", align: "right" },
  { title: "largest", align: "right" },
  { title: "examples of each value" },
];

function formatColumns(summaries: readonly ColumnSummary[]): string {
  return formatTable(
    columns,
    summaries.map((summary) => [
      summary.column,
      formatCount(summary.missing),
      formatCount(summary.imputed),
      ...rangeCells(summary),
    ]),
  );
}

function rangeCells(summary: ColumnSummary): readonly string[] {
  if (summary.kind === "number")
    return [summary.smallest, summary.mean, summary.largest].map(short);
  const { values, counts } = summary;
  const found = values
    .map((value, index) => ({ value, count: counts[index] ?? 0 }))
    .filter(({ count }) => count > 0);
  const shown = found.slice(0, SHOWN_VALUES).map(({ value, count }) => `${value}: ${count}`);
  const others = found.length - shown.length;
  return ["", "", "", [...shown, ...(others > 0 ? [`${others} more`] : [])].join(", ")];
}

const SHOWN_VALUES = 8;

/** Six significant digits are enough to see what a column is. */
function short(value: number): string {
  return Number.isNaN(value) ? "-" : `${Number(value.toPrecision(6))}`;
}
