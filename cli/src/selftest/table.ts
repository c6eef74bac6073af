import { type Column, formatTable } from "../terminal/table.ts";
import type { Finding, SelftestReport } from "./suite.ts";

const LEGEND = [
  "secret bytes: of the victim's update and seeds, in all that the attackers were sent or can work out of it;",
  "-: it refused before it had sealed or masked anything",
].join("\n");

/** Characters from which on a line has room for what the attacks want. */
const WIDE = 200;

/**
 * The findings as a table, and what they come to in the last line. `width`: characters of the terminal's lines; it tells
 * what the attacks want only where there is room for that.
 */
export function formatAttacks(report: SelftestReport, width = 0): string {
  const columns = columnsFor(width);
  const rows = report.findings.map((finding) => columns.map(({ cell }) => cell(finding)));
  return [formatTable(columns, rows), "", LEGEND, summaryOf(report)].join("\n");
}

interface FindingColumn extends Column {
  cell(finding: Finding): string;
}

function columnsFor(width: number): readonly FindingColumn[] {
  const wants = { title: "what it wants", cell: (it: Finding) => it.wants };
  return [
    { title: "attack", cell: ({ attack }) => attack },
    { title: "by", cell: ({ by }) => by },
    ...(width >= WIDE ? [wants] : []),
    { title: "refused with", cell: refusalOf },
    {
      title: "secret bytes",
      align: "right",
      cell: ({ secretBytesReleased }) => `${secretBytesReleased ?? "-"}`,
    },
    { title: "control", cell: describeControl },
    { title: "", cell: ({ holds }) => (holds ? "" : "FAILS") },
  ];
}

/** "low-threshold", or "accepted, not low-threshold". */
function refusalOf({ expected, got }: Finding): string {
  return got === expected ? got : `${got}, not ${expected}`;
}

/** "check off: 64 bytes", "check off: yes", "sound message: yes", or "NO" for one that did not go through. */
function describeControl({ control }: Finding): string {
  const { kind, wentThrough, secretBytesReleased } = control;
  if (!wentThrough) return `${kind}: NO`;
  return `${kind}: ${(secretBytesReleased ?? 0) === 0 ? "yes" : `${secretBytesReleased} bytes`}`;
}

function summaryOf(report: SelftestReport): string {
  const { refused, secretBytesReleased, controlsThrough, findings } = report;
  const of = (count: number) =>
    count === findings.length ? `${count}` : `${count} of ${findings.length}`;
  const released = `${secretBytesReleased} secret bytes released`;
  return `${of(refused)} attacks refused, ${released}, ${of(controlsThrough)} controls went through`;
}
