import type { CsvSchema } from "@chorus/aggregation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { folderWith } from "./files.test-support.ts";
import { readAll } from "./plans.test-support.ts";

const SCHEMA: CsvSchema = {
  format: "csv",
  features: [
    { column: "age", kind: "number", mean: 50, scale: 10, missing: { impute: 55 } },
    { column: "pain", kind: "category", values: ["none", "some"], missing: { impute: "some" } },
    { column: "pulse", kind: "number", mean: 0, scale: 1 },
  ],
  label: { column: "ill", kind: "category", values: ["no", "yes"] },
  missing: "drop-row",
};
const NEVER = new AbortController().signal;
const HEADER = "age,pain,pulse,ill\n";

async function load(text: string, data = SCHEMA) {
  await using folder = await folderWith({ "site.csv": HEADER + text });
  return await readAll(`${folder.path}/site.csv`, { data, shape: [4] }, NEVER);
}

describe("a feature with an imputation", () => {
  test("takes the plan's value, in the column's own unit, for a cell without one", async () => {
    const { dataset, droppedRows } = await load(",,70,no\n60,none,70,yes\n");
    expect(dataset.features).toEqual(Float32Array.of(0.5, 0, 1, 70, 1, 1, 0, 70));
    expect(droppedRows).toBe(0);
  });

  test("keeps a row that another column's or the label's missing value drops out of the counts", async () => {
    const { dataset, droppedRows, columns } = await load(",none,,no\n,none,70,\n,none,70,no\n");
    expect([dataset.examples, droppedRows]).toEqual([1, 2]);
    expect(columns.map(({ column, missing, imputed }) => [column, missing, imputed])).toEqual([
      ["age", 3, 1],
      ["pain", 0, 0],
      ["pulse", 1, 0],
      ["ill", 1, 0],
    ]);
  });

  test("is imputed where the plan refuses other missing values", async () => {
    const strict: CsvSchema = { ...SCHEMA, missing: "refuse" };
    expect((await load(",,70,no\n", strict)).dataset.examples).toBe(1);
    await expect(load(",,70,no\n40,some,,no\n", strict)).rejects.toMatchObject({
      code: "bad-data",
      message: expect.stringContaining('line 3, column "pulse": got nothing, wanted a value'),
    });
  });

  test("gives the bytes that a file with the plan's values written out gives", async () => {
    const rows = fc.array(
      fc.tuple(
        fc.option(fc.integer({ min: -1000, max: 1000 })),
        fc.constantFrom("none", "some", null),
        fc.integer(),
        fc.constantFrom("no", "yes"),
      ),
    );
    const law = fc.asyncProperty(rows, async (table) => {
      const text = (age: number | "", pain: string) =>
        table.map(([a, p, ...others]) => [a ?? age, p ?? pain, ...others].join(",")).join("\n");
      const imputed = await load(text("", ""));
      const written = await load(text(55, "some"));
      expect(imputed.dataset).toEqual(written.dataset);
    });
    await fc.assert(law, { numRuns: 30 });
  });
});

test("columns are summarised over the examples' own values, in their own unit", async () => {
  const { columns } = await load("10,none,1,no\n,some,2,no\n40,,4,yes\n99,none,,yes\n");
  const gaps = { missing: 1, imputed: 1 };
  expect(columns).toEqual([
    { column: "age", kind: "number", ...gaps, smallest: 10, mean: 25, largest: 40 },
    { column: "pain", kind: "category", ...gaps, values: ["none", "some"], counts: [1, 1] },
    {
      column: "pulse",
      kind: "number",
      missing: 1,
      imputed: 0,
      smallest: 1,
      mean: 7 / 3,
      largest: 4,
    },
    {
      column: "ill",
      kind: "category",
      missing: 0,
      imputed: 0,
      values: ["no", "yes"],
      counts: [2, 1],
    },
  ]);
});
