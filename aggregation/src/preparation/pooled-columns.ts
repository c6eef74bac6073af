import {
  type CategoryColumn,
  type ColumnStatistics,
  type NumberColumn,
  parametersOf,
  type StatisticsColumn,
} from "../model/column-statistics.ts";
import { PlanError } from "../plan/plan-error.ts";

/** What a statistics run says of a column, in the column's own unit. */
export type PooledColumn = PooledNumber | PooledCategory;

export interface PooledNumber {
  readonly column: string;
  readonly kind: "number";
  /** Share of rows with a value, in (0, 1]. */
  readonly present: number;
  /** Over the rows with a value. */
  readonly mean: number;
  /**
   * Standard deviation of the population, over the rows with a value. 1 for a column in which no difference can be seen, so
   * that (cell - mean) / scale is about 0.
   */
  readonly scale: number;
  /** Whether all values may be the same, as far as the statistics show. */
  readonly isConstant: boolean;
}

export interface PooledCategory {
  readonly column: string;
  readonly kind: "category";
  /** Share of rows with a value, in (0, 1]. */
  readonly present: number;
  /** The first one of those with the largest share. */
  readonly mostFrequent: string;
}

/**
 * What a statistics run's model says, column by column. `values`: the model, shape `[parameters]`; `error`: see
 * statisticsError. Only + - * /, sqrt and decimal rounding: the same numbers everywhere. Throws {@link PlanError}
 * `bad-plan` for a column without a value at any site.
 */
export function pooledColumns(
  { config }: ColumnStatistics,
  values: Float32Array,
  error: number,
): readonly PooledColumn[] {
  let offset = 0;
  return config.columns.map((column, index) => {
    const own = values.subarray(offset, offset + parametersOf(column));
    offset += own.length;
    const present = presentShare(column, own);
    // A share of a category is a sum of parameters, each with an error of its own.
    if (present > error * (column.kind === "number" ? 1 : own.length))
      return column.kind === "number"
        ? pooledNumber(column, own, error)
        : pooledCategory(column, own, present);
    const path = `model.config.columns.${index}`;
    const message = `got no value of column "${column.column}" at any site, wanted one at least`;
    throw new PlanError("bad-plan", path, message);
  });
}

function presentShare(column: StatisticsColumn, values: Float32Array): number {
  const [first = 0] = values;
  const share = column.kind === "number" ? first : values.reduce((sum, value) => sum + value, 0);
  return Math.min(share, 1);
}

/**
 * Where no parameter is off by more than `error`, the mean in units of the range is off by at most 2 error / present, and so
 * is that of the squares; the variance by at most 6 error / present, as both means are at most 1.
 */
function pooledNumber(
  { column, range }: NumberColumn,
  [present = 0, sum = 0, squares = 0]: Float32Array,
  error: number,
): PooledNumber {
  const [lower, upper] = range;
  const half = (upper - lower) / 2;
  const centred = Math.max(-1, Math.min(sum / present, 1));
  const variance = squares / present - centred * centred;
  const isConstant = variance <= (6 * error) / present;
  const scale = isConstant ? 1 : half * Math.sqrt(variance);
  const mean = (lower + upper) / 2 + half * centred;
  return {
    column,
    kind: "number",
    present: Math.min(present, 1),
    mean: roundedTo(isConstant ? half : scale, mean),
    scale: roundedTo(scale, scale),
    isConstant,
  };
}

function pooledCategory(
  { column, values }: CategoryColumn,
  shares: Float32Array,
  present: number,
): PooledCategory {
  const place = shares.indexOf(Math.max(...shares));
  return { column, kind: "category", present, mostFrequent: values[place] ?? "" };
}

/** Decimal digits of a scale that are kept, and of a mean as far as its scale has them. */
const DIGITS = 6;

/** A value without the digits that do not matter where values differ by about `scale`, above 0. */
function roundedTo(scale: number, value: number): number {
  const exponent = Number(scale.toExponential().split("e")[1]);
  const decimals = DIGITS - 1 - exponent;
  if (decimals >= 0) return Number(value.toFixed(Math.min(decimals, 100)));
  const unit = 10 ** -decimals;
  return Math.round(value / unit) * unit;
}
