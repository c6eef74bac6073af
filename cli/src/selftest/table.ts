import { formatTable } from "../terminal/table.ts";
import type { Finding, SelftestReport } from "./suite.ts";

/** The findings as a table, and what they come to in the last line. */
export function formatAttacks(report: SelftestReport): string {
  const table = formatTable(
    [
      { title: "attack" },
      { title: "by" },
      { title: "what it wants" },
      { title: "expected" },
      { title: "got" },
      { title: "secret bytes", align: "right" },
      { title: "control" },
      { title: "" },
    ],
    report.findings.map((finding) => [
      finding.attack,
      finding.by,
      finding.wants,
      finding.expected,
      finding.got,
      `${finding.secretBytesReleased}`,
      describeControl(finding),
      finding.holds ? "" : "FAILS",
    ]),
  );
  return [table, "", summaryOf(report)].join("\n");
}

/** "check off: 64 bytes", "check off: yes", "sound message: yes", or "NO" for one that did not go through. */
function describeControl({ control }: Finding): string {
  const { kind, wentThrough, secretBytesReleased } = control;
  if (!wentThrough) return `${kind}: NO`;
  return `${kind}: ${secretBytesReleased === 0 ? "yes" : `${secretBytesReleased} bytes`}`;
}

function summaryOf(report: SelftestReport): string {
  const { refused, secretBytesReleased, controlsThrough, findings } = report;
  const of = (count: number) =>
    count === findings.length ? `${count}` : `${count} of ${findings.length}`;
  const released = `${secretBytesReleased} secret bytes released`;
  return `${of(refused)} attacks refused, ${released}, ${of(controlsThrough)} controls went through`;
}
