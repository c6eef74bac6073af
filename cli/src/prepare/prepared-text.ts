import type { PooledColumn } from "@chorus/aggregation";
import { formatCount, formatShare, shortHash } from "../terminal/format.ts";
import { type Column, formatTable } from "../terminal/table.ts";
import type { Preparation } from "./prepare.ts";

const columns: readonly Column[] = [
  { title: "column" },
  { title: "present", align: "right" },
  { title: "mean", align: "right" },
  { title: "scale", align: "right" },
  { title: "most frequent" },
];

/** What was found, for people. `path`: where the plan was written to. */
export function formatPreparation(preparation: Preparation, path: string): string {
  const { runId, survivors, rows, columns: found } = preparation;
  return [
    `Statistics of ${formatCount(rows)} rows at ${survivors} sites together, from run ${shortHash(runId)}:`,
    formatTable(columns, found.map(cellsOf)),
    ...warningsOf(preparation),
    `Wrote ${path}. Start it with \`chorus run start ${path}\`.`,
  ].join("\n\n");
}

function cellsOf(pooled: PooledColumn): readonly string[] {
  const { column, present } = pooled;
  return pooled.kind === "number"
    ? [column, formatShare(present), `${pooled.mean}`, `${pooled.scale}`]
    : [column, formatShare(present), "", "", pooled.mostFrequent];
}

/** What a person should look at again. */
function warningsOf(preparation: Preparation): readonly string[] {
  const { survivors, wantedSites, columns: found, plan } = preparation;
  const absent = `Only ${survivors} of ${wantedSites} sites are in these statistics: the logs of the others say why.`;
  const constant = found
    .filter((pooled) => pooled.kind === "number" && pooled.isConstant)
    .map(
      ({ column }) =>
        `Column "${column}" seems to have one value only, or a range far too wide for its values: its scale is set to 1.`,
    );
  const masked =
    "The plan's runs are encrypted; these statistics were masked: the coordinator has seen them, of all sites together.";
  return [
    ...(survivors < wantedSites ? [absent] : []),
    ...constant,
    ...(plan.protection.kind === "he" ? [masked] : []),
  ];
}
