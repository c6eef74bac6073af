import type { CsvSchema, DataSchema, ImagesSchema } from "@chorus/aggregation";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { type Folder, folderWith, idxBytes } from "./files.test-support.ts";
import { planFor } from "./plans.test-support.ts";
import { type Survey, surveyData } from "./survey.ts";

const SCHEMA: CsvSchema = {
  format: "csv",
  features: [
    { column: "age", kind: "number", mean: 50, scale: 10 },
    { column: "pain", kind: "category", values: ["none", "some"] },
  ],
  label: { column: "ill", kind: "binary", positiveAbove: 0 },
  missing: "drop-row",
};
const NEVER = new AbortController().signal;
const HEADER = "age,pain,ill\n";

function survey(
  path: string,
  data: DataSchema,
  shape: readonly number[],
  maxProblems = 20,
): Promise<Survey> {
  const options = { maxProblems, progress: () => {} };
  return surveyData(path, planFor(data, shape), options, NEVER);
}

async function ofTable(text: string, schema = SCHEMA, maxProblems = 20): Promise<Survey> {
  await using folder = await folderWith({ "site.csv": text });
  return await survey(`${folder.path}/site.csv`, schema, [3], maxProblems);
}

describe("a survey of a table", () => {
  test("tells examples, rows left out, classes, columns, and that nothing is wrong", async () => {
    const found = await ofTable(`${HEADER}40,none,0\n60,some,1\n,some,1\n55,some,2\n`);
    expect(found).toMatchObject({
      examples: 3,
      droppedRows: 1,
      featureShape: [3],
      classes: [
        { name: "ill <= 0", examples: 1 },
        { name: "ill > 0", examples: 2 },
      ],
      encoded: { smallest: -1, largest: 1 },
      repetitions: { examples: 0, searched: 3 },
      problems: [],
      warnings: [],
      isComplete: true,
    });
    expect(found.columns.map(({ column, missing }) => [column, missing])).toEqual([
      ["age", 1],
      ["pain", 0],
      ["ill", 0],
    ]);
  });

  test("goes on after a problem and names every bad cell by line and column", async () => {
    const { problems, examples, isComplete, droppedRows } = await ofTable(
      `${HEADER}forty,much,0\n40,none,0\n40,none\n41,none,x\n60,some,1\n`,
    );
    expect(problems.map((problem) => problem.replace(/^.*site\.csv/, "site.csv"))).toEqual([
      'site.csv, line 2, column "age": got "forty", wanted a decimal number such as -1.5 or 2e3',
      'site.csv, line 2, column "pain": got "much", wanted one of "none", "some"',
      "site.csv, line 4: got 2 cells, wanted 3 as in the header",
      'site.csv, line 5, column "ill": got "x", wanted a decimal number such as -1.5 or 2e3',
    ]);
    expect([examples, droppedRows, isComplete]).toEqual([2, 0, true]);
  });

  test("ends after as many problems as were asked for", async () => {
    const found = await ofTable(`${HEADER}${"x,none,0\n".repeat(50)}40,none,1\n`, SCHEMA, 7);
    expect(found.problems).toHaveLength(7);
    expect(found.problems[6]).toContain("line 8");
    expect([found.examples, found.isComplete]).toEqual([0, false]);
  });

  test("ends with the problem that makes a file unreadable as what it should be", async () => {
    const { problems, isComplete } = await ofTable("age;pain;ill\n1;none;1\n");
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('has no column "age"');
    expect(isComplete).toBe(false);
  });

  test("counts too few examples as a problem, unless other problems explain it", async () => {
    const few = await ofTable(`${HEADER}40,none,0\n,none,0\n`);
    expect(few.problems).toEqual([
      expect.stringContaining("(1 rows left out for missing values) has 1 usable examples"),
    ]);
    const bad = await ofTable(`${HEADER}40,none,0\nx,none,0\n`);
    expect(bad.problems).toEqual([expect.stringContaining("line 3")]);
  });

  test("reports every missing value where the plan refuses them", async () => {
    const { problems } = await ofTable(`${HEADER}40,none,0\n41,none,0\n,,1\n`, {
      ...SCHEMA,
      missing: "refuse",
    });
    expect(problems).toEqual([
      expect.stringContaining('line 4, column "age": got nothing'),
      expect.stringContaining('line 4, column "pain": got nothing'),
    ]);
  });
});

test.each([
  ["column age: every value is 40", `${HEADER}40,none,0\n40,some,1\n`],
  ["column pain: every value is some", `${HEADER}40,some,0\n41,some,1\n`],
  ["no example of the class ill > 0", `${HEADER}40,none,0\n41,some,-1\n`],
  [
    "column age: 151 is 10 scales from the plan's mean 50 (scale 10)",
    `${HEADER}40,none,0\n151,some,1\n`,
  ],
  [
    "column age: -400 is 45 scales from the plan's mean 50 (scale 10)",
    `${HEADER}-400,none,0\n50,some,1\n`,
  ],
  [
    "2 of 4 examples are the same as an earlier one",
    `${HEADER}40,none,0\n41,some,1\n40,none,0\n40,none,0\n`,
  ],
  [
    "more rows are left out for missing values (3) than there are examples",
    `${HEADER}40,none,0\n41,some,1\n,none,0\n,none,0\n,some,0\n`,
  ],
])("a survey warns: %s", async (warning, text) => {
  const { warnings, problems } = await ofTable(text);
  expect(warnings).toEqual([warning]);
  expect(problems).toEqual([]);
});

test("a survey does not warn of a value that is ten scales from the mean, or of equal features with other labels", async () => {
  const { warnings } = await ofTable(`${HEADER}-50,none,0\n150,some,1\n150,some,0\n`);
  expect(warnings).toEqual([]);
});

test("a survey warns of a column in which every value is imputed", async () => {
  const { warnings } = await ofTable(`${HEADER},none,0\n,some,1\n`, {
    ...SCHEMA,
    features: [
      { column: "age", kind: "number", mean: 50, scale: 10, missing: { impute: 50 } },
      { column: "pain", kind: "category", values: ["none", "some"] },
    ],
  });
  expect(warnings).toEqual(["column age: no example has a value of its own"]);
});

describe("a survey of images", () => {
  const schema: ImagesSchema = {
    format: "images",
    classes: ["cat", "dog"],
    height: 1,
    width: 2,
    channels: 1,
    scale: 10,
    resize: "refuse",
  };

  async function folder(dog: readonly number[]): Promise<Folder> {
    const png = (pixels: readonly number[]): Promise<Buffer> =>
      sharp(Uint8Array.from(pixels), { raw: { height: 1, width: pixels.length, channels: 1 } })
        .png()
        .toBuffer();
    return await folderWith({
      "cat/1.png": await png([10, 20]),
      "cat/2.png": await png([10]),
      "cat/notes.txt": "x",
      "dog/1.png": await png(dog),
    });
  }

  test("names every file that is wrong and counts the others", async () => {
    await using files = await folder([30, 80]);
    const { problems, ...found } = await survey(files.path, schema, [1, 2, 1]);
    expect(problems).toEqual([
      expect.stringContaining("cat/notes.txt is no image"),
      expect.stringContaining("cat/2.png: got 1 x 1 pixels, wanted 1 x 2"),
    ]);
    expect(found).toMatchObject({
      examples: 2,
      classes: [{ examples: 1 }, { examples: 1 }],
      encoded: { smallest: 1, mean: 3.5, largest: 8 },
      columns: [],
    });
  });
});

test("a survey of IDX files names every label that is no class", async () => {
  await using folder = await folderWith({
    "images.idx3-ubyte": idxBytes([4, 1, 1], [1, 2, 3, 3]),
    "labels.idx1-ubyte": idxBytes([4], [0, 5, 1, 9]),
  });
  const data: DataSchema = { format: "idx", classes: 2, scale: 1 };
  const { problems, examples } = await survey(folder.path, data, [1, 1]);
  expect(problems).toEqual([
    expect.stringContaining("labels example 2 with 5, wanted 0 to 1"),
    expect.stringContaining("labels example 4 with 9, wanted 0 to 1"),
  ]);
  expect(examples).toBe(2);
});

test("a survey of data that are not there is no survey", async () => {
  await using folder = await folderWith({});
  await expect(survey(`${folder.path}/missing`, SCHEMA, [3])).rejects.toMatchObject({
    code: "unreadable",
  });
});
