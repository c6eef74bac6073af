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
  const value = decimalIn(cell.text);
  if (!Number.isFinite(value)) throw badCell(cell, "a decimal number such as -1.5 or 2e3");
  return value;
}

/** The decimal number that a text is, infinite beyond the range of float64; NaN for any other text. */
export function decimalIn(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
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
  return printable(JSON.stringify(isLong ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text));
}

/** A text from a file without what a terminal would obey: control characters as JSON escapes them, those beyond ASCII too. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
