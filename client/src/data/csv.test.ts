import type { CsvSchema } from "@chorus/aggregation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientError } from "../error.ts";
import type { Dataset } from "./dataset.ts";
import { folderWith } from "./files.test-support.ts";
import { readAll } from "./plans.test-support.ts";

const SCHEMA: CsvSchema = {
  format: "csv",
  features: [
    { column: "age", kind: "number", mean: 50, scale: 10 },
    { column: "pain", kind: "category", values: ["none", "some"] },
  ],
  label: { column: "diagnosis", kind: "binary", positiveAbove: 0 },
  missing: "drop-row",
};
const NEVER = new AbortController().signal;

async function load(
  text: string | Uint8Array,
  schema = SCHEMA,
): Promise<{ readonly dataset: Dataset; readonly droppedRows: number }> {
  await using folder = await folderWith({ "site.csv": text });
  return await readAll(`${folder.path}/site.csv`, { data: schema, shape: [3] }, NEVER);
}

async function refusal(text: string | Uint8Array, schema = SCHEMA): Promise<string> {
  const error: unknown = await load(text, schema).catch((reason: unknown) => reason);
  if (error instanceof ClientError && error.code === "bad-data") return error.message;
  throw new Error("the file was accepted", { cause: error });
}

describe("a CSV file", () => {
  test("becomes scaled numbers, one-hot categories and classes, columns found by name", async () => {
    const { dataset, droppedRows } = await load(
      "diagnosis,name,pain,age\n0,Ann,none,40\n3,Bo,some,65.5\n",
    );
    expect(dataset.features).toEqual(Float32Array.of(-1, 1, 0, 1.55, 0, 1));
    expect(dataset.labels).toEqual(Int32Array.of(0, 1));
    expect(dataset).toMatchObject({ examples: 2, featureShape: [3] });
    expect(droppedRows).toBe(0);
  });

  test("may have a byte order mark, CRLF, quotes, spaces around cells and empty lines", async () => {
    const { dataset } = await load(
      '\ufeffage,pain,diagnosis\r\n\r\n 40 ,"none", 1\r\n+6e1,some,-1\r\n\r\n',
    );
    expect(dataset.features).toEqual(Float32Array.of(-1, 1, 0, 1, 0, 1));
    expect(dataset.labels).toEqual(Int32Array.of(1, 0));
  });

  test("may end its rows in different ways, and counts its lines in all of them", async () => {
    const text = "age,pain,diagnosis\r\n40,none,0\n60,some,1\r\n50,none,0\n";
    expect((await load(text)).dataset.features).toEqual(
      Float32Array.of(-1, 1, 0, 1, 0, 1, 0, 1, 0),
    );
    expect(await refusal(`${text}x,none,0\r\n`)).toContain("line 5");
    const rows = "40,none,0\r\n".repeat(20_000);
    expect((await load(`age,pain,diagnosis\n${rows}`)).dataset.examples).toBe(20_000);
  });

  test("labels by category with the category's position", async () => {
    const label = { column: "diagnosis", kind: "category", values: ["b", "a"] } as const;
    const { dataset } = await load("age,pain,diagnosis\n1,none,a\n2,none,b\n", {
      ...SCHEMA,
      label,
    });
    expect(dataset.labels).toEqual(Int32Array.of(1, 0));
  });

  test("gives every finite number as (number - mean) / scale in float32", async () => {
    const numbers = fc.array(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }),
    );
    const law = fc.asyncProperty(numbers, async (ages) => {
      const rows = ages.map((age) => `${age},none,0\n`);
      const { dataset } = await load(`age,pain,diagnosis\n${rows.join("")}`);
      const got = dataset.features.filter((_, index) => index % 3 === 0);
      expect(got).toEqual(Float32Array.from(ages, (age) => (age - 50) / 10));
    });
    await fc.assert(law, { numRuns: 30 });
  });

  test("loses the rows with an empty cell in a named column, and tells how many", async () => {
    const { dataset, droppedRows } = await load(
      "age,pain,diagnosis,note\n40,none,0,\n,none,0,x\n41,,0,x\n42,none, ,x\n",
    );
    expect(dataset.features).toEqual(Float32Array.of(-1, 1, 0));
    expect(droppedRows).toBe(3);
  });

  test("with an empty cell is refused by line and column where the plan refuses missing values", async () => {
    const text = "age,pain,diagnosis\n40,none,0\n40,,0\n";
    expect(await refusal(text, { ...SCHEMA, missing: "refuse" })).toContain(
      'site.csv, line 3, column "pain": got nothing, wanted a value',
    );
  });
});

describe("a CSV file is refused", () => {
  const numbers = [
    "Infinity",
    "-inf",
    "NaN",
    "?",
    "0x1F",
    "1_000",
    "1 000",
    "1e999",
    "--1",
    "1.2.3",
    "e5",
    ".",
  ];
  test.each(numbers)("when %s stands where a number should, by line and column", async (cell) => {
    expect(await refusal(`age,pain,diagnosis\n40,none,0\n${cell},none,0\n`)).toContain(
      `site.csv, line 3, column "age": got ${JSON.stringify(cell)}, wanted a decimal number`,
    );
  });

  test("when a number has a separator of thousands or a decimal comma", async () => {
    for (const cell of ["1,000", "3,5"]) {
      expect(await refusal(`age,pain,diagnosis\n"${cell}",none,0\n`)).toContain(`got "${cell}"`);
    }
  });

  test("when a number leaves float32's range once scaled", async () => {
    expect(await refusal("age,pain,diagnosis\n1e300,none,0\n")).toContain("float32");
  });

  test("when a cell is none of the plan's categories, with those", async () => {
    expect(await refusal("age,pain,diagnosis\n40,much,0\n")).toContain(
      'line 2, column "pain": got "much", wanted one of "none", "some"',
    );
  });

  test("when a label is not a number", async () => {
    expect(await refusal("age,pain,diagnosis\n40,none,yes\n")).toContain(
      'column "diagnosis": got "yes"',
    );
  });

  test("when a named column is missing, with the columns that it has", async () => {
    expect(await refusal("age;pain;diagnosis\n40;none;0\n")).toContain(
      'has no column "age", wanted one; its header is age;pain;diagnosis',
    );
  });

  test("when it is empty, with what it lacks", async () => {
    expect(await refusal("")).toContain("site.csv is empty, wanted a header");
    expect(await refusal("\n\n")).toContain("site.csv is empty, wanted a header");
  });

  test("when a named column is there twice", async () => {
    expect(await refusal("age,pain,age,diagnosis\n")).toContain('has more than one column "age"');
  });

  test("when a row has another length than the header, by line", async () => {
    expect(await refusal("age,pain,diagnosis\n40,none,0\n40,none\n")).toContain(
      "site.csv, line 3: got 2 cells, wanted 3 as in the header",
    );
  });

  test("when a quote is never closed", async () => {
    expect(await refusal('age,pain,diagnosis\n40,"none,0\n')).toContain("is not a CSV file");
  });

  test("with the line number of the file when cells before it span lines", async () => {
    expect(await refusal('age,pain,diagnosis,note\n40,none,0,"a\nb\nc"\n\nx,none,0,d\n')).toContain(
      "line 6",
    );
  });

  test("without quoting more than the beginning of a long cell", async () => {
    const message = await refusal(`age,pain,diagnosis\n${"9".repeat(500)}x,none,0\n`);
    expect(message).toContain(`"${"9".repeat(40)}…"`);
    expect(message).not.toContain("9".repeat(41));
  });
});

describe("a CSV file that is not UTF-8 is refused, and so nothing is read as other texts", () => {
  const text = "age,pain,diagnosis,n\u00f6te\n40,none,0,x\n";
  test.each([
    ["Latin-1", Buffer.from(text, "latin1"), "near its beginning"],
    ["UTF-16", Buffer.from(`\ufeff${text}`, "utf16le"), "near its beginning"],
    ["cut in a character", Buffer.from(`${text}40,none,0,\u00f6`).subarray(0, -1), "into it"],
    [
      "Latin-1 in its last row",
      Buffer.concat([
        Buffer.from(`${text}${"40,none,0,\u00f6\n".repeat(10_000)}`),
        Buffer.from("40,none,0,\u00f6\n", "latin1"),
      ]),
      "about 65536 bytes into it",
    ],
  ])("%s", async (_, bytes, place) => {
    expect(await refusal(bytes)).toMatch(
      new RegExp(`site\\.csv: got bytes that are not UTF-8 .*${place}`),
    );
  });

  test("but for a character that two pieces of the file share", async () => {
    const rows = "40,none,0,\u00f6\u00f6\u00f6\n".repeat(10_000);
    const { dataset } = await load(`age,pain,diagnosis,n\u00f6te\n${rows}`);
    expect(dataset.examples).toBe(10_000);
  });
});

test("a row of more than 1 MiB is refused: somebody forgot to close a quote", async () => {
  const long = `"${"x".repeat(1024 * 1024)}"`;
  expect(await refusal(`age,pain,diagnosis,note\n40,none,0,${long}\n`)).toMatch(
    /is not a CSV file: Max Record Size/,
  );
});

test("messages have a file's control characters as escapes, as terminals obey them", async () => {
  const red = "\u001b[31m\u009b31m";
  for (const message of [
    await refusal(`a${red}ge,pain,diagnosis\n40,none,0\n`),
    await refusal(`age,pain,diagnosis\n40,${red},0\n`),
    await refusal(`age,pain,diagnosis\n4${red}0,none,0\n`),
  ]) {
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message).toContain("\\u001b[31m\\u009b31m");
  }
});

test("a CSV file that is not there is unreadable", async () => {
  await using folder = await folderWith({});
  const loading = readAll(`${folder.path}/missing.csv`, { data: SCHEMA, shape: [3] }, NEVER);
  await expect(loading).rejects.toMatchObject({ name: "ClientError", code: "unreadable" });
});

test("an aborted signal ends the reading of a CSV file with its reason", async () => {
  await using folder = await folderWith({ "site.csv": "age,pain,diagnosis\n40,none,0\n" });
  const reason = new Error("the site shuts down");
  const aborted = AbortSignal.abort(reason);
  const loading = readAll(`${folder.path}/site.csv`, { data: SCHEMA, shape: [3] }, aborted);
  await expect(loading).rejects.toBe(reason);
});
