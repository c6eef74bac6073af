import { type CsvSchema, encodedFeatureCount, type Feature, type Label } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { badCell, type Cell, categoryIn, numberIn } from "./csv-cell.ts";

/** One row as the model sees it. */
export interface EncodedRow {
  /** Shape `[encodedFeatureCount(schema)]`, all finite. */
  readonly features: Float32Array;
  readonly label: number;
}

/** Turns the rows of one CSV file into numbers, as the plan's schema says. */
export class RowEncoder {
  readonly #path: string;
  readonly #schema: CsvSchema;
  /** Position of each column that the schema names. */
  readonly #positions: ReadonlyMap<string, number>;

  /** `header`: the file's first row. Throws {@link ClientError} `bad-data` when a named column is missing or there twice. */
  constructor(path: string, schema: CsvSchema, header: readonly string[]) {
    this.#path = path;
    this.#schema = schema;
    this.#positions = new Map(
      [...schema.features, schema.label].map(({ column }) => [
        column,
        positionOf(path, header, column),
      ]),
    );
  }

  /**
   * Encodes one row; undefined when a named cell is empty and the schema drops such rows. Throws {@link ClientError}
   * `bad-data`, naming file, line and column, for an empty cell otherwise and for a cell that is not what the schema says.
   */
  encode(row: readonly string[], line: number): EncodedRow | undefined {
    const cells = new Map(
      [...this.#positions].map(([column, position]) => [
        column,
        { path: this.#path, line, column, text: row[position] ?? "" },
      ]),
    );
    const empty = [...cells.values()].find(({ text }) => text === "");
    if (empty === undefined) return encodeCells(this.#schema, cells);
    if (this.#schema.missing === "drop-row") return undefined;
    throw badCell(empty, "a value: this plan refuses missing ones");
  }
}

function positionOf(path: string, header: readonly string[], column: string): number {
  const position = header.indexOf(column);
  if (position >= 0 && header.indexOf(column, position + 1) < 0) return position;
  throw new ClientError(
    "bad-data",
    `${path} has ${position < 0 ? "no" : "more than one"} column "${column}", wanted one; ` +
      `its header is ${header.join(", ").slice(0, HEADER_CHARACTERS)}`,
  );
}

const HEADER_CHARACTERS = 500;

function encodeCells(schema: CsvSchema, cells: ReadonlyMap<string, Cell>): EncodedRow {
  const features = new Float32Array(encodedFeatureCount(schema));
  let offset = 0;
  for (const feature of schema.features) {
    offset += encodeFeature(feature, cellOf(cells, feature.column), features.subarray(offset));
  }
  return { features, label: classOf(schema.label, cellOf(cells, schema.label.column)) };
}

function cellOf(cells: ReadonlyMap<string, Cell>, column: string): Cell {
  const cell = cells.get(column);
  if (cell === undefined) throw new Error(`column "${column}" was not looked up`);
  return cell;
}

/** Writes one feature to the front of `target`, zeros so far; returns how many numbers it takes there. */
function encodeFeature(feature: Feature, cell: Cell, target: Float32Array): number {
  if (feature.kind === "category") {
    target[categoryIn(cell, feature.values)] = 1;
    return feature.values.length;
  }
  target[0] = (numberIn(cell) - feature.mean) / feature.scale;
  if (!Number.isFinite(target[0]))
    throw badCell(cell, "a number that float32 can hold once scaled");
  return 1;
}

function classOf(label: Label, cell: Cell): number {
  if (label.kind === "category") return categoryIn(cell, label.values);
  return numberIn(cell) > label.positiveAbove ? 1 : 0;
}
