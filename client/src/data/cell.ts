import { ClientError } from "../error.ts";

/** One cell of a table and where it stands. */
export interface Cell {
  readonly path: string;
  /** Line in the file, counted from 1; the last one of a row that spans several. */
  readonly line: number;
  readonly column: string;
  /** Without the spaces around it; empty where the value is missing. */
  readonly text: string;
}

/**
 * The decimal number in a cell. Infinities, NaN, hexadecimal numbers, separators of thousands and decimal commas are
 * refused: throws {@link ClientError} `bad-data`, as for a number beyond the range of float64.
 */
export function numberIn(cell: Cell): number {
  const value = DECIMAL.test(cell.text) ? Number(cell.text) : Number.NaN;
  if (!Number.isFinite(value)) throw badCell(cell, "a decimal number such as -1.5 or 2e3");
  return value;
}

/** Position of the cell's text among `values`. Throws {@link ClientError} `bad-data` for any other text. */
export function categoryIn(cell: Cell, values: readonly string[]): number {
  const position = values.indexOf(cell.text);
  if (position < 0) throw badCell(cell, `one of ${values.map(quote).join(", ")}`);
  return position;
}

/** A cell that cannot be used. The message quotes it, and stays at the site as all messages of ClientError do. */
export function badCell(cell: Cell, wanted: string): ClientError {
  const got = cell.text === "" ? "nothing" : quote(cell.text);
  const place = `${cell.path}, line ${cell.line}, column ${quote(cell.column)}`;
  return new ClientError("bad-data", `${place}: got ${got}, wanted ${wanted}`);
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

const QUOTED_CHARACTERS = 40;

/** A text as messages have it: in quotes, and only its beginning where it is long. */
export function quote(text: string): string {
  const isLong = text.length > QUOTED_CHARACTERS;
  return JSON.stringify(isLong ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text);
}
