import type { ModelLayout, TensorSlot } from "./layout.ts";

/**
 * A "model" whose parameters are means over the rows of tables: what a statistics run makes, in the place of a network. A
 * site's share of it are the means over its own rows, so that their mean, weighted by rows, is that of all rows together.
 */
export interface ColumnStatistics {
  readonly class_name: "ColumnStatistics";
  readonly config: {
    readonly name: string;
    /** 1 to 10 000, every column once. */
    readonly columns: readonly StatisticsColumn[];
  };
}

export type StatisticsColumn = NumberColumn | CategoryColumn;

/**
 * Takes three parameters: the share of rows with a value, and the means over all rows of the value and of its square,
 * in units of the range, see {@link intoRange}, 0 where the value is missing. All are in [-1, 1].
 */
export interface NumberColumn {
  readonly column: string;
  readonly kind: "number";
  /** Least and largest value that a cell may have, by declaration and never by looking: one outside counts as the nearer. */
  readonly range: readonly [number, number];
}

/** Takes a parameter for each value: the share of rows that have it. All are in [0, 1]. */
export interface CategoryColumn {
  readonly column: string;
  readonly kind: "category";
  /** 2 to 1000, as they are written in the files. */
  readonly values: readonly string[];
}

/** Parameters of a number column. */
export const NUMBER_PARAMETERS = 3;

/** Parameters that a column takes. */
export function parametersOf(column: StatisticsColumn): number {
  return column.kind === "number" ? NUMBER_PARAMETERS : column.values.length;
}

/** One tensor of one dimension a column, which make the initial model 0. Named by position, as columns may be named anything. */
export function statisticsLayout({ config }: ColumnStatistics): ModelLayout {
  const tensors: TensorSlot[] = [];
  let offset = 0;
  for (const [index, column] of config.columns.entries()) {
    const size = parametersOf(column);
    const kind = column.kind === "number" ? "moments" : "shares";
    tensors.push({ name: `column_${index + 1}/${kind}`, shape: [size], offset, size });
    offset += size;
  }
  return { tensors, parameters: offset };
}

/**
 * Largest L2 norm of one site's statistics: three values of at most 1 for a number, shares that add up to at most 1 for a
 * category. A clipping norm from here on never clips.
 */
export function largestNorm({ config }: ColumnStatistics): number {
  const squares = config.columns.map(({ kind }) => (kind === "number" ? NUMBER_PARAMETERS : 1));
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

/** A value in units of a range: -1 at its lower end, 1 at its upper, beyond them outside it. */
export function intoRange(value: number, [lower, upper]: readonly [number, number]): number {
  return (value - (lower + upper) / 2) / ((upper - lower) / 2);
}
