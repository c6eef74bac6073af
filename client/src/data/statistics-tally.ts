import {
  type CategoryColumn,
  intoRange,
  NUMBER_PARAMETERS,
  type NumberColumn,
  parametersOf,
  type StatisticsColumn,
} from "@chorus/aggregation";
import { badCell, type Cell, categoryIn, numberIn } from "./cell.ts";

/** Adds up what a statistics plan asks of one column. */
interface ColumnTally {
  /** Adds one row's cell. Throws {@link ClientError} `bad-data` for a cell that is not what the plan says. */
  add(cell: Cell): void;
  /** Sums over the rows so far. Shape `[parametersOf(column)]`, float64. */
  readonly sums: Float64Array;
}

/** Adds up the statistics of a table's columns, row by row, in memory that does not grow with the rows. */
export class StatisticsTally {
  readonly #tallies: readonly ColumnTally[];
  #rows = 0;

  constructor(columns: readonly StatisticsColumn[]) {
    this.#tallies = columns.map((column) =>
      column.kind === "number" ? new NumberTally(column) : new CategoryTally(column),
    );
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds a row. `cells`: one for each column, in their order; the text is empty where the value is missing. Throws
   * {@link ClientError} `bad-data`, naming file, line and column.
   */
  add(cells: readonly Cell[]): void {
    for (const [index, tally] of this.#tallies.entries()) {
      const cell = cells[index];
      if (cell === undefined)
        throw new Error(`a row has ${cells.length} cells, wanted ${this.#tallies.length}`);
      if (cell.text !== "") tally.add(cell);
    }
    this.#rows++;
  }

  /** Means over all rows, at least one, in the order of the plan's model. Shape `[parameters]`, all in [-1, 1]. */
  means(): Float32Array {
    const sums = this.#tallies.flatMap((tally) => [...tally.sums]);
    return Float32Array.from(sums, (sum) => sum / this.#rows);
  }
}

class NumberTally implements ColumnTally {
  readonly sums = new Float64Array(NUMBER_PARAMETERS);
  readonly #range: NumberColumn["range"];

  constructor({ range }: NumberColumn) {
    this.#range = range;
  }

  add(cell: Cell): void {
    const value = numberIn(cell);
    const [lower, upper] = this.#range;
    if (value < lower || value > upper)
      throw badCell(cell, `a number from ${lower} to ${upper}, the plan's range`);
    const share = intoRange(value, this.#range);
    addTo(this.sums, [1, share, share * share]);
  }
}

class CategoryTally implements ColumnTally {
  readonly sums: Float64Array;
  readonly #values: readonly string[];

  constructor(column: CategoryColumn) {
    this.sums = new Float64Array(parametersOf(column));
    this.#values = column.values;
  }

  add(cell: Cell): void {
    const place = categoryIn(cell, this.#values);
    this.sums[place] = (this.sums[place] ?? 0) + 1;
  }
}

function addTo(sums: Float64Array, values: readonly number[]): void {
  for (const [index, value] of values.entries()) sums[index] = (sums[index] ?? 0) + value;
}
