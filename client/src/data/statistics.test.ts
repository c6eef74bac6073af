import {
  type ColumnStatistics,
  contentLength,
  contentOf,
  decodeSum,
  encodeUpdate,
  isStatisticsPlan,
  layoutOf,
  neighbourhoodFor,
  type PooledColumn,
  parseRunPlan,
  pooledColumns,
  type StatisticsPlan,
  scaleBitsFor,
  seededRandom,
  statisticsError,
} from "@chorus/aggregation";
import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createStatisticsTrainer } from "../statistics-trainer.ts";
import { folderWith } from "./files.test-support.ts";
import { readStatistics } from "./statistics.ts";
import { StatisticsTally } from "./statistics-tally.ts";

const never = new AbortController().signal;
const RANGE = [-20, 180] as const;
const VALUES = ["a", "b", "c"] as const;
const COLUMNS: ColumnStatistics["config"]["columns"] = [
  { column: "age", kind: "number", range: RANGE },
  { column: "pain", kind: "category", values: VALUES },
];

function planOf(format: "csv" | "ndjson", columns = COLUMNS): StatisticsPlan {
  const plan = parseRunPlan({
    name: "sample-statistics",
    model: { class_name: "ColumnStatistics", config: { name: "sample", columns } },
    data: { format },
    strategy: { kind: "fedavg" },
    protection: { kind: "masking", clippingNorm: 2, maxExamples: 100 },
    rounds: 1,
    seed: 1,
    roundPolicy: {
      select: 3,
      overSelect: 1,
      quorum: 3,
      minSurvivors: 3,
      softDeadlineMs: { training: 1000, exchange: 1000 },
      hardDeadlineMs: { training: 1000, exchange: 1000 },
    },
  });
  if (!isStatisticsPlan(plan)) throw new Error("not a statistics plan");
  return plan;
}

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
    means: Float32Array.of(2 / 3, (-0.5 - 0.855) / 3, (0.25 + 0.855 ** 2) / 3, 1 / 3, 0, 1 / 3),
  });
  expect(await readStatistics(`${folder.path}/site.ndjson`, planOf("ndjson"), never)).toEqual(csv);
});

test.each([
  ["pain,age\na,30\nb,181\n", 'line 3, column "age": got "181", wanted a number from -20 to 180'],
  ["pain,age\na,30\nb,-20.1\n", 'line 3, column "age": got "-20.1", wanted a number from -20'],
  ["pain,age\na,old\nb,30\n", 'line 2, column "age": got "old", wanted a decimal number'],
  ["pain,age\na,30\nd,30\n", 'line 3, column "pain": got "d", wanted one of "a", "b", "c"'],
  ["pain,age\na,30\nb\n", "line 3: got 1 cells, wanted 2"],
  ["pain,years\na,30\n", 'no column "age"'],
  ["pain,age\na,30\n", "has 1 rows, wanted 2 or more"],
])("the table %j is refused with its place, and nothing is made of it", async (text, message) => {
  await using folder = await folderWith({ "site.csv": text });
  const options = { plan: planOf("csv"), dataPath: `${folder.path}/site.csv`, log: silent };
  await expect(createStatisticsTrainer(options, never)).rejects.toMatchObject({
    code: "bad-data",
    message: expect.stringContaining(message),
  });
});

const silent = pino({ level: "silent" });

test("a statistics trainer reports its site's means and rows, and evaluates nothing", async () => {
  await using folder = await folderWith({ "site.csv": "pain,age\na,80\nb,180\n" });
  const lines: string[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => lines.push(line) });
  const options = { plan: planOf("csv"), dataPath: `${folder.path}/site.csv`, log };
  using trainer = await createStatisticsTrainer(options, never);
  const model = new Float32Array(6);
  expect(await trainer.train(model, "seed", never)).toEqual({
    delta: Float32Array.of(1, 0.5, 0.5, 0.5, 0.5, 0),
    examples: 2,
    meanLoss: 0,
  });
  expect(await trainer.evaluate(model, never)).toEqual({ examples: 0, correct: 0, meanLoss: 0 });
  await expect(trainer.train(new Float32Array(5), "seed", never)).rejects.toMatchObject({
    code: "wrong-model",
  });
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 30, rows: 2, columns: ["age", "pain"], msg: "read the columns' statistics" },
  ]);
});

test("a site with more rows than maxExamples is told that they weigh less", async () => {
  const rows = Array.from({ length: 101 }, () => "a,30\n").join("");
  await using folder = await folderWith({ "site.csv": `pain,age\n${rows}` });
  const warned: unknown[] = [];
  const log = { info: () => undefined, warn: (fields: object) => warned.push(fields) };
  const options = { plan: planOf("csv"), dataPath: `${folder.path}/site.csv`, log };
  using _trainer = await createStatisticsTrainer(options, never);
  expect(warned).toEqual([{ rows: 101, maxExamples: 100 }]);
});
