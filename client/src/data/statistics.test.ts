import {
  contentLength,
  contentOf,
  decodeSum,
  encodeUpdate,
  layoutOf,
  neighbourhoodFor,
  type PooledColumn,
  pooledColumns,
  scaleBitsFor,
  seededRandom,
  statisticsError,
} from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { folderWith } from "./files.test-support.ts";
import { readStatistics } from "./statistics.ts";
import { COLUMNS, planOf, RANGE, VALUES } from "./statistics-plan.test-support.ts";
import { StatisticsTally } from "./statistics-tally.ts";

const never = new AbortController().signal;
type Row = readonly [age: number | undefined, pain: string | undefined];

const row = fc.tuple(
  fc.option(fc.double({ min: RANGE[0], max: RANGE[1], noNaN: true }), { nil: undefined }),
  fc.option(fc.constantFrom(...VALUES), { nil: undefined }),
);
const sites = fc.array(fc.array(row, { minLength: 1, maxLength: 40 }), {
  minLength: 3,
  maxLength: 6,
});

function tallied(rows: readonly Row[]): StatisticsTally {
  const tally = new StatisticsTally(COLUMNS);
  for (const [index, cells] of rows.entries())
    tally.add(
      COLUMNS.map(({ column }, place) => ({
        path: "site.csv",
        line: index + 2,
        column,
        text: cells[place] === undefined ? "" : `${cells[place]}`,
      })),
    );
  return tally;
}

/** The sites' statistics through the quantiser, the sum in the ring and the decoder, as in a round that all survive. */
function throughTheSum(tables: readonly (readonly Row[])[], seed: string) {
  const { model, protection } = planOf("csv");
  const { parameters } = layoutOf(model);
  const { clippingNorm, maxExamples } = protection;
  const encoding = {
    dimension: parameters,
    scaleBits: scaleBitsFor(tables.length, clippingNorm),
    clippingNorm,
    maxExamples,
    ...neighbourhoodFor(tables.length),
    cohort: tables.map(() => ({ participantId: "", identityKey: "", nonceCommitment: "" })),
  };
  const sum = new Uint32Array(contentLength(parameters));
  for (const [site, table] of tables.entries()) {
    const counts = {
      trainingExamples: table.length,
      evaluationExamples: 0,
      evaluationCorrect: 0,
      evaluationLossMillis: 0,
    };
    const update = { delta: tallied(table).means(), counts };
    const vector = contentOf(encodeUpdate(update, encoding, seededRandom(`${seed} ${site}`)));
    for (const [index, word] of vector.entries()) sum[index] = (sum[index] ?? 0) + word;
  }
  const { meanDelta, counts } = decodeSum(sum, tables.length, encoding);
  const round = { cohort: tables.length, survivors: tables.length, ...counts };
  const error = statisticsError(round, protection);
  return { error, pooled: pooledColumns(model, Float32Array.from(meanDelta), error) };
}

function numberOf(pooled: readonly PooledColumn[]) {
  const [age] = pooled;
  if (age?.kind !== "number") throw new Error("no number");
  return age;
}

test("what a sum says of a column is the statistics of all sites' rows together, within the stated error", () => {
  fc.assert(
    fc.property(sites, fc.string(), (tables, seed) => {
      const rows = tables.flat();
      const ages = rows.flatMap(([age]) => (age === undefined ? [] : [age]));
      const pains = rows.flatMap(([, pain]) => (pain === undefined ? [] : [pain]));
      fc.pre(ages.length > 0 && pains.length > 0);
      const { error, pooled } = throughTheSum(tables, seed);
      const found = numberOf(pooled);
      const present = ages.length / rows.length;
      const half = (RANGE[1] - RANGE[0]) / 2;
      const mean = ages.reduce((sum, age) => sum + age, 0) / ages.length;
      const variance = ages.reduce((sum, age) => sum + (age - mean) ** 2, 0) / ages.length;
      // 6 digits of the scale are kept; 1e-12: float64 rounding of values up to 180.
      const digits = found.scale * 5e-6 + 1e-12;
      expect(Math.abs(found.present - present)).toBeLessThanOrEqual(error);
      expect(Math.abs(found.mean - mean)).toBeLessThanOrEqual(
        (2 * half * error) / found.present + (found.isConstant ? half : found.scale) * 5e-6,
      );
      const bound = (6 * half * half * error) / found.present;
      if (found.isConstant) expect(variance).toBeLessThanOrEqual(2 * bound);
      else {
        const slack = 2 * found.scale * digits + digits * digits;
        expect(Math.abs(found.scale ** 2 - variance)).toBeLessThanOrEqual(bound + slack);
      }
      const [, pain] = pooled;
      const counts = VALUES.map((value) => pains.filter((other) => other === value).length);
      const mostFrequent = pain?.kind === "category" ? pain.mostFrequent : "";
      const count = pains.filter((other) => other === mostFrequent).length;
      // Equally frequent values may come in either order, as each share has an error.
      expect(count).toBe(Math.max(...counts));
    }),
    { numRuns: 60 },
  );
});

test("a column with one value everywhere is called constant, and has scale 1", () => {
  const tables = [1, 2, 3].map((count) => Array<Row>(count).fill([37.3, "b"]));
  const { pooled } = throughTheSum(tables, "constant");
  expect(pooled).toEqual([
    { column: "age", kind: "number", present: 1, mean: 37.3, scale: 1, isConstant: true },
    { column: "pain", kind: "category", present: 1, mostFrequent: "b" },
  ]);
});

test("a column without a value at any site is refused by its name", () => {
  const tables = [1, 2, 3].map((count) => Array<Row>(count).fill([37.3, undefined]));
  expect(() => throughTheSum(tables, "empty")).toThrow(
    'model.config.columns.1: got no value of column "pain" at any site, wanted one at least',
  );
});

test("a CSV file and an NDJSON file of the same rows have the same statistics", async () => {
  await using folder = await folderWith({
    "site.csv": "other,pain,age\n1,a,30\n2,,-5.5\n3,c,\n",
    "site.ndjson": '{"age":30,"pain":"a"}\n{"age":-5.5,"pain":null}\n{"pain":"c"}\n',
  });
  const csv = await readStatistics(`${folder.path}/site.csv`, planOf("csv"), never);
  expect(csv).toEqual({
    rows: 3,
    oddColumns: [],
    absences: { count: 0, examples: [] },
    means: Float32Array.of(2 / 3, (-0.5 - 0.855) / 3, (0.25 + 0.855 ** 2) / 3, 1 / 3, 0, 1 / 3),
  });
  expect(await readStatistics(`${folder.path}/site.ndjson`, planOf("ndjson"), never)).toEqual(csv);
});

test.each([
  ["pain,age\na,30\nb\n", "line 3: got 1 cells, wanted 2"],
  ["pain,age\na,30\n", "has 1 rows, wanted 2 or more"],
])("the table %j is refused, whatever is asked of it", async (text, message) => {
  await using folder = await folderWith({ "site.csv": text });
  await expect(
    readStatistics(`${folder.path}/site.csv`, planOf("csv"), never),
  ).rejects.toMatchObject({ code: "bad-data", message: expect.stringContaining(message) });
});

test.each([
  ["a,-20.1\nb,1e999\nc,30", { age: { outside: 2, unreadable: 0 } }, [3, -0.5, 2.25, 1, 1, 1]],
  ["a,old\nb,NaN\nc,30", { age: { outside: 0, unreadable: 2 } }, [1, -0.5, 0.25, 1, 1, 1]],
  ["d,-20\nB,180\nc,30", { pain: { outside: 0, unreadable: 2 } }, [3, -0.5, 2.25, 0, 0, 1]],
])("the rows %j count, clamped into the range or as missing", async (rows, odd, sums) => {
  await using folder = await folderWith({ "site.csv": `pain,age\n${rows}\n` });
  const found = await readStatistics(`${folder.path}/site.csv`, planOf("csv"), never);
  expect(found.rows).toBe(3);
  expect(found.means).toEqual(Float32Array.from(sums, (sum) => sum / 3));
  expect(found.oddColumns).toEqual(
    Object.entries(odd).map(([column, counts]) => ({ column, ...counts })),
  );
  expect(found.absences.count).toBe(0);
});

test.each([
  ["site.csv", "hurts,years\na,-20\nb,180\nc,30\n", ['no column "age"', 'no column "pain"'], 0],
  ["site.csv", "age,pain,age\n1,a,-20\n1,b,180\n1,c,30\n", ['more than one column "age"'], 1],
  [
    "site.ndjson",
    '{"pain":"a","age":[1]}\n{"pain":"b","age":{}}\n{"pain":"c"}\n',
    ['line 1, key "age": got a list', 'line 2, key "age": got an object'],
    1,
  ],
  ["site.ndjson", '{"pain":"a"}\n{"pain":"b"}\n{"pain":"c"}\n', ['no line with the key "age"'], 1],
])("in %s, what is asked for and not there is missing, and told to the site", async (...asked) => {
  const [name, text, absences, share] = asked;
  await using folder = await folderWith({ [name]: text });
  const format = name === "site.csv" ? "csv" : "ndjson";
  const found = await readStatistics(`${folder.path}/${name}`, planOf(format), never);
  expect(found).toMatchObject({ rows: 3, oddColumns: [] });
  expect(found.means).toEqual(Float32Array.from([0, 0, 0, share, share, share], (sum) => sum / 3));
  expect(found.absences.examples).toEqual(absences.map((words) => expect.stringContaining(words)));
});
