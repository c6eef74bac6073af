import { ClientError } from "../error.ts";
import { type Cell, printable, quote } from "./cell.ts";
import { type Line, linesOf } from "./lines.ts";
import type { TableSource, TakeRow } from "./table.ts";

/**
 * Reads a file with a JSON object on each line as readTable says. A column is a key, or, where an object has no such key, a
 * way through nested objects with dots between their keys. Numbers and true and false count as their texts, null and an
 * absent key as a missing value, spaces around texts are ignored, and so are blank lines. A line that is no object is
 * reported, as is a value that is a list or an object, and a column that no line has.
 */
export async function readNdjson(
  source: TableSource,
  take: TakeRow,
  signal: AbortSignal,
): Promise<void> {
  const { path, columns, report } = source;
  const unseen = new Set(columns);
  let lines = 0;
  for await (const line of linesOf(path, signal)) {
    if (line.text.trim() === "") continue;
    lines++;
    const record = recordIn(line, source);
    const values = record && columns.map((column) => valueAt(record, column));
    const cells = values && cellsOf(values, line, source, unseen);
    if (cells !== undefined) await take(cells);
  }
  if (lines === 0) return;
  for (const column of unseen)
    (source.tolerate ?? report)(
      new ClientError("bad-data", `${path} has no line with the key ${quote(column)}, wanted some`),
    );
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The object on a line; undefined when there is none, which is reported. */
function recordIn({ number, text }: Line, { path, report }: TableSource): JsonObject | undefined {
  const problem = (got: string, options?: ErrorOptions): void =>
    report(
      new ClientError(
        "bad-data",
        `${path}, line ${number}: got ${got}, wanted a JSON object`,
        options,
      ),
    );
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
    return void problem(nameOf(value));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return void problem(`a line that is not JSON (${printable(cause.message)})`, { cause });
  }
}

/** The cells of a line; undefined when a value is none, which is reported. Takes the columns that are there from `unseen`. */
function cellsOf(
  values: readonly unknown[],
  { number: line }: Line,
  { path, columns, report, tolerate }: TableSource,
  unseen: Set<string>,
): readonly Cell[] | undefined {
  let areCells = true;
  const cells = columns.map((column, index) => {
    const value = values[index];
    if (value !== undefined) unseen.delete(column);
    const text = textOf(value);
    if (text !== undefined) return { path, line, column, text };
    areCells &&= tolerate !== undefined;
    const place = `${path}, line ${line}, key ${quote(column)}`;
    (tolerate ?? report)(
      new ClientError("bad-data", `${place}: got ${nameOf(value)}, wanted a number or a text`),
    );
    return { path, line, column, text: "" };
  });
  return areCells ? cells : undefined;
}

function valueAt(record: JsonObject, column: string): unknown {
  if (Object.hasOwn(record, column)) return record[column];
  let value: unknown = record;
  for (const key of column.split(".")) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** A value as a cell of a table has it; undefined for a list or an object. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? undefined : String(value).trim();
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null ? "an object" : scalarText(value);
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? quote(value) : JSON.stringify(value);
}
