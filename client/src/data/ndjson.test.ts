import type { Columns, CsvSchema, NdjsonSchema } from "@chorus/aggregation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { folderWith } from "./files.test-support.ts";
import { readAll } from "./plans.test-support.ts";

const COLUMNS: Columns = {
  features: [
    { column: "age", kind: "number", mean: 50, scale: 10 },
    { column: "pain", kind: "category", values: ["none", "some"] },
  ],
  label: { column: "diagnosis", kind: "binary", positiveAbove: 0 },
  missing: "drop-row",
};
const SCHEMA: NdjsonSchema = { format: "ndjson", ...COLUMNS };
const NEVER = new AbortController().signal;

function load(text: string | Uint8Array, schema: NdjsonSchema | CsvSchema = SCHEMA) {
  return loadAs("site.ndjson", text, schema);
}

async function loadAs(name: string, text: string | Uint8Array, data: NdjsonSchema | CsvSchema) {
  await using folder = await folderWith({ [name]: text });
  return await readAll(`${folder.path}/${name}`, { data, shape: [3] }, NEVER);
}

async function refusal(text: string | Uint8Array, schema = SCHEMA): Promise<string> {
  const error: unknown = await load(text, schema).catch((reason: unknown) => reason);
  if (error instanceof ClientError && error.code === "bad-data") return error.message;
  throw new Error("the file was accepted", { cause: error });
}

describe("an NDJSON file", () => {
  test("becomes numbers, whatever the order of keys, with numbers as texts too", async () => {
    const { dataset } = await load(
      '{"diagnosis":0,"name":"Ann","pain":"none","age":40}\n{"age":"65.5","pain":" some ","diagnosis":"3"}\n',
    );
    expect(dataset.features).toEqual(Float32Array.of(-1, 1, 0, 1.55, 0, 1));
    expect(dataset.labels).toEqual(Int32Array.of(0, 1));
  });

  test("may have a byte order mark, CRLF, blank lines, U+2028 in a text, and no last line end", async () => {
    const { dataset } = await load(
      '\ufeff{"age":40,"pain":"none","diagnosis":1,"note":"a\u2028b"}\r\n\r\n  \n{"age":6e1,"pain":"some","diagnosis":-1}',
    );
    expect(dataset.features).toEqual(Float32Array.of(-1, 1, 0, 1, 0, 1));
    expect(dataset.labels).toEqual(Int32Array.of(1, 0));
  });

  test("has values in nested objects, to which dots lead where no key has that name", async () => {
    const schema: NdjsonSchema = {
      ...SCHEMA,
      features: [
        { column: "patient.age", kind: "number", mean: 0, scale: 1 },
        { column: "visit.pain", kind: "category", values: ["true", "2"] },
      ],
    };
    const { dataset } = await load(
      '{"patient":{"age":7},"visit":{"pain":true},"diagnosis":1}\n' +
        '{"patient":{"age":7},"patient.age":8,"visit":{"pain":2},"diagnosis":1}\n',
      schema,
    );
    expect(dataset.features).toEqual(Float32Array.of(7, 1, 0, 8, 0, 1));
  });

  test("loses lines in which a named key is absent, null, empty or not reached", async () => {
    const { dataset, droppedRows, columns } = await load(
      '{"age":40,"pain":"none","diagnosis":1}\n{"pain":"none","diagnosis":1}\n' +
        '{"age":null,"pain":"none","diagnosis":1}\n{"age":40,"pain":" ","diagnosis":1}\n',
    );
    expect([dataset.examples, droppedRows]).toEqual([1, 3]);
    expect(columns.map(({ missing }) => missing)).toEqual([2, 1, 0]);
  });

  test("is read rightly when its lines do not end where the system's blocks do", async () => {
    const line = (age: number) =>
      `{"age":${age},"pain":"none","diagnosis":0,"note":"${"é".repeat(age * 997)}"}\n`;
    const ages = Array.from({ length: 60 }, (_, index) => index);
    const { dataset } = await load(ages.map(line).join(""), {
      ...SCHEMA,
      features: [
        { column: "age", kind: "number", mean: 0, scale: 1 },
        { column: "pain", kind: "category", values: ["none", "some"] },
      ],
    });
    expect([...dataset.features.filter((_, index) => index % 3 === 0)]).toEqual(ages);
  });

  test("gives the same bytes as a CSV file of the same table", async () => {
    const cell = fc.option(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }),
    );
    const rows = fc.array(
      fc.tuple(cell, fc.constantFrom("none", "some", null), fc.option(fc.integer())),
    );
    const law = fc.asyncProperty(rows, async (table) => {
      const lines = table.map(([age, pain, diagnosis]) => ({ age, pain, diagnosis }));
      const json = [{ age: 1, pain: "none", diagnosis: 1 }, ...lines].map((line) =>
        JSON.stringify(line),
      );
      const csv = table.map((row) => row.map((value) => value ?? "").join(","));
      const fromJson = await load(json.join("\n"));
      const header = "age,pain,diagnosis\n1,none,1\n";
      const fromCsv = await loadAs("site.csv", header + csv.join("\n"), {
        format: "csv",
        ...COLUMNS,
      });
      expect(fromJson).toEqual(fromCsv);
    });
    await fc.assert(law, { numRuns: 40 });
  });
});

describe("an NDJSON file is refused", () => {
  const good = '{"age":40,"pain":"none","diagnosis":0}\n';
  test.each([
    ['{"age":1e999,"pain":"none","diagnosis":0}', 'column "age": got "Infinity", wanted a decimal'],
    ['{"age":"4O","pain":"none","diagnosis":0}', 'column "age": got "4O", wanted a decimal number'],
    [
      '{"age":[40],"pain":"none","diagnosis":0}',
      'key "age": got a list, wanted a number or a text',
    ],
    ['{"age":{},"pain":"none","diagnosis":0}', 'key "age": got an object, wanted a number or'],
    ['{"age":4,"pain":"much","diagnosis":0}', 'column "pain": got "much", wanted one of "none"'],
    [
      '{"age":4,"pain":"none","diagnosis":true}',
      'column "diagnosis": got "true", wanted a decimal',
    ],
    ["[40]", "got a list, wanted a JSON object"],
    ["null", "got null, wanted a JSON object"],
    ['{"age":40', "got a line that is not JSON"],
  ])("for the line %s, by file and line", async (line, message) => {
    const got = await refusal(`${good}\n${line}\n${good}`);
    expect(got).toContain("site.ndjson, line 3");
    expect(got).toContain(message);
  });

  test("when a value is missing and the plan refuses that", async () => {
    expect(
      await refusal(`${good}{"age":null,"pain":"none","diagnosis":0}`, {
        ...SCHEMA,
        missing: "refuse",
      }),
    ).toContain('line 2, column "age": got nothing, wanted a value');
  });

  test("when no line has a named key, which is a plan for other data", async () => {
    const message = await refusal('{"pain":"none","diagnosis":0,"toString":1}\n'.repeat(3));
    expect(message).toContain('site.ndjson has no line with the key "age", wanted some');
  });

  test("when a line has more than 1 MiB, before the rest of it is read", async () => {
    const message = await refusal(`${good}{"age":"${"4".repeat(3 * 1024 * 1024)}"}\n`);
    expect(message).toContain("site.ndjson, line 2: got more than 1048576 bytes");
  });

  test("when a line is not UTF-8", async () => {
    const latin1 = Buffer.from('{"age":40,"pain":"n\u00f6ne","diagnosis":0}', "latin1");
    expect(await refusal(Buffer.concat([Buffer.from(good), latin1]))).toContain(
      "site.ndjson, line 2: got bytes that are not UTF-8",
    );
  });
});

test("an NDJSON file that is not there is unreadable", async () => {
  await using folder = await folderWith({});
  const source = { data: SCHEMA, shape: [3] };
  await expect(readAll(`${folder.path}/missing`, source, NEVER)).rejects.toMatchObject({
    code: "unreadable",
  });
});

test("an aborted signal ends the reading of an NDJSON file with its reason", async () => {
  await using folder = await folderWith({ "site.ndjson": "{}\n" });
  const reason = new Error("the site shuts down");
  const source = { data: SCHEMA, shape: [3] };
  const loading = readAll(`${folder.path}/site.ndjson`, source, AbortSignal.abort(reason));
  await expect(loading).rejects.toBe(reason);
});
