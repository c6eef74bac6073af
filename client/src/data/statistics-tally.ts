import {
  type CategoryColumn,
  intoRange,
  NUMBER_PARAMETERS,
  type NumberColumn,
  parametersOf,
  type StatisticsColumn,
} from "@chorus/aggregation";
import { type Cell, decimalIn } from "./cell.ts";

/** Cells of one column that are not what the plan says. For the people at the site alone. */
export interface OddCells {
  readonly column: string;
  /** Numbers outside the plan's range, which count as its nearer end. */
  readonly outside: number;
  /** Texts that are no number or none of the plan's values, which count as missing. */
  readonly unreadable: number;
}

/** Adds up what a statistics plan asks of one column. */
interface ColumnTally {
  /** Adds one row's text, which is not empty. */
  add(text: string): void;
  /** Sums over the rows so far. Shape `[parametersOf(column)]`, float64. */
  readonly sums: Float64Array;
  readonly odd: OddCells;
}

/**
 * Adds up the statistics of a table's columns, row by row, in memory that does not grow with the rows. No cell is an error:
 * whoever writes the plan could learn from one site's refusal which values that site has.
 */
export class StatisticsTally {
  readonly #tallies: readonly ColumnTally[];
  #rows = 0;

  constructor(columns: readonly StatisticsColumn[]) {
    this.#tallies = columns.map((column) =>
      column.kind === "number" ? new MomentsTally(column) : new SharesTally(column),
    );
  }

  get rows(): number {
    return this.#rows;
  }

  /** Columns with cells that are not what the plan says. */
  get oddColumns(): readonly OddCells[] {
    const all = this.#tallies.map(({ odd }) => odd);
    return all.filter(({ outside, unreadable }) => outside + unreadable > 0);
  }

  /** Adds a row. `cells`: one for each column, in their order; the text is empty where the value is missing. */
  add(cells: readonly Cell[]): void {
    for (const [index, tally] of this.#tallies.entries()) {
      const cell = cells[index];
      if (cell === undefined)
        throw new Error(`a row has ${cells.length} cells, wanted ${this.#tallies.length}`);
      if (cell.text !== "") tally.add(cell.text);
    }
    this.#rows++;
  }

  /** Means over all rows, at least one, in the order of the plan's model. Shape `[parameters]`, all in [-1, 1]. */
  means(): Float32Array {
    const sums = this.#tallies.flatMap((tally) => [...tally.sums]);
    return Float32Array.from(sums, (sum) => sum / this.#rows);
  }
}

class MomentsTally implements ColumnTally {
  readonly sums = new Float64Array(NUMBER_PARAMETERS);
  readonly #column: NumberColumn;
  #outside = 0;
  #unreadable = 0;

  constructor(column: NumberColumn) {
    this.#column = column;
  }

  get odd(): OddCells {
    const { column } = this.#column;
    return { column, outside: this.#outside, unreadable: this.#unreadable };
  }

  add(text: string): void {
    const value = decimalIn(text);
    if (Number.isNaN(value)) {
      this.#unreadable++;
      return;
    }
    const { range } = this.#column;
    const [lower, upper] = range;
    if (value < lower || value > upper) this.#outside++;
    const share = intoRange(Math.max(lower, Math.min(value, upper)), range);
    addTo(this.sums, [1, share, share * share]);
  }
}

class SharesTally implements ColumnTally {
  readonly sums: Float64Array;
  readonly #column: CategoryColumn;
  #unreadable = 0;

  constructor(column: CategoryColumn) {
    this.sums = new Float64Array(parametersOf(column));
    this.#column = column;
  }

  get odd(): OddCells {
    return { column: this.#column.column, outside: 0, unreadable: this.#unreadable };
  }

  add(text: string): void {
    const place = this.#column.values.indexOf(text);
    if (place < 0) this.#unreadable++;
    else this.sums[place] = (this.sums[place] ?? 0) + 1;
  }
}

function addTo(sums: Float64Array, values: readonly number[]): void {
  for (const [index, value] of values.entries()) sums[index] = (sums[index] ?? 0) + value;
}
