import { z } from "zod";
import { category, column as columnName } from "./data-schema.ts";
import { choice, listOf, numberFrom, record, text } from "./fields.ts";
import { runFields, statisticsProtection } from "./run-fields.ts";
import type { StatisticsPlan } from "./statistics-plan.ts";

/** As large as a plan's scale may be. */
const bound = numberFrom(-1e9, 1e9);

/** In narrower ones the largest numbers have no place of their own, and scales would be out of plans' range. */
const LEAST_WIDTH = 1e-6;

/** The least and the largest value that a cell may have. */
export const rangeSchema: z.ZodType<readonly [number, number]> = z
  .tuple([bound, bound], { error: "[least, largest]" })
  .refine(([lower, upper]) => upper - lower >= LEAST_WIDTH, {
    error: `[least, largest], at least ${LEAST_WIDTH} apart`,
  });

const column = z.discriminatedUnion(
  "kind",
  [
    record({ column: columnName, kind: z.literal("number"), range: rangeSchema }),
    record({
      column: columnName,
      kind: z.literal("category"),
      values: listOf(category, 2, 1000),
    }),
  ],
  { error: "one of number, category" },
);

/** The form of a statistics plan. What does not go together is for {@link statisticsContradictions}. */
export const statisticsPlanSchema: z.ZodType<StatisticsPlan> = record({
  ...runFields,
  protection: statisticsProtection,
  model: record({
    class_name: z.literal("ColumnStatistics"),
    config: record({
      name: text("a name of 1 to 64 letters, digits, _ and -", /^[A-Za-z0-9_-]{1,64}$/),
      columns: listOf(column, 1, 10_000),
    }),
  }),
  data: record({ format: choice(["csv", "ndjson"]) }),
  strategy: record({ kind: z.literal("fedavg", { error: '"fedavg"' }) }),
  rounds: z.literal(1, { error: "1" }),
});
