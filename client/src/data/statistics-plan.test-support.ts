import {
  type ColumnStatistics,
  isStatisticsPlan,
  parseRunPlan,
  SMALLEST_RUN,
  type StatisticsPlan,
} from "@chorus/aggregation";

/** Of the column `age`. */
export const RANGE = [-20, 180] as const;
/** Of the column `pain`. */
export const VALUES = ["a", "b", "c"] as const;
/** What sites of these tests are asked. */
export const COLUMNS: ColumnStatistics["config"]["columns"] = [
  { column: "age", kind: "number", range: RANGE },
  { column: "pain", kind: "category", values: VALUES },
];

/** A plan of a run of these statistics. */
export function planOf(
  format: "csv" | "ndjson",
  columns: ColumnStatistics["config"]["columns"] = COLUMNS,
): StatisticsPlan {
  const plan = parseRunPlan({
    name: "sample-statistics",
    model: { class_name: "ColumnStatistics", config: { name: "sample", columns } },
    data: { format },
    strategy: { kind: "fedavg" },
    // At least the largest norm of so many numbers; that of the two above.
    protection: {
      kind: "masking",
      clippingNorm: Math.max(2, Math.ceil(Math.sqrt(3 * columns.length - 2))),
      maxExamples: 100,
    },
    rounds: 1,
    seed: 1,
    roundPolicy: SMALLEST_RUN.roundPolicy,
  });
  if (!isStatisticsPlan(plan)) throw new Error("not a statistics plan");
  return plan;
}
