import type { CategoryFeature, Feature, Label, NumberFeature } from "@chorus/aggregation";
import { badCell, type Cell, categoryIn, numberIn } from "./cell.ts";
import { type ColumnSummary, NumberTally, PlaceTally } from "./column-summary.ts";

/** Turns one column's cells into numbers, and keeps count of those that are used. */
export interface ColumnEncoder {
  readonly column: string;
  /** Whether the plan has a value for a cell without one. */
  readonly imputes: boolean;
  /** Encodes a cell. Throws {@link ClientError} `bad-data` for one that is not what the plan says. */
  encode(cell: Cell): void;
  /** Counts the cell that was encoded last: its row has become an example. */
  keep(): void;
  /** What was kept. `missing`: rows without a value in this column. */
  summary(missing: number): ColumnSummary;
}

/** The encoder of a feature. `target`: where its numbers belong, all of them its own. */
export function featureEncoder(feature: Feature, target: Float32Array): ColumnEncoder {
  return feature.kind === "number"
    ? new NumberEncoder(feature, target)
    : new CategoryEncoder(feature, (place) => target.fill(0).fill(1, place, place + 1));
}

/** The encoder of the label. `target`: gets the class, as its only element. */
export function labelEncoder(label: Label, target: Int32Array): ColumnEncoder {
  return label.kind === "binary"
    ? new ThresholdEncoder(label.column, (value) =>
        target.fill(value > label.positiveAbove ? 1 : 0),
      )
    : new CategoryEncoder(label, (place) => target.fill(place));
}

class NumberEncoder implements ColumnEncoder {
  readonly column: string;
  readonly imputes: boolean;
  readonly #feature: NumberFeature;
  readonly #target: Float32Array;
  readonly #tally = new NumberTally();
  #value = 0;
  #isImputed = false;
  #imputed = 0;

  constructor(feature: NumberFeature, target: Float32Array) {
    this.column = feature.column;
    this.imputes = feature.missing !== undefined;
    this.#feature = feature;
    this.#target = target;
  }

  encode(cell: Cell): void {
    const { missing, mean, scale } = this.#feature;
    this.#isImputed = cell.text === "" && missing !== undefined;
    this.#value = this.#isImputed ? (missing?.impute ?? 0) : numberIn(cell);
    const scaled = Math.fround((this.#value - mean) / scale);
    if (!Number.isFinite(scaled)) throw badCell(cell, "a number that float32 can hold once scaled");
    this.#target.fill(scaled);
  }

  keep(): void {
    if (this.#isImputed) this.#imputed++;
    else this.#tally.add(this.#value);
  }

  summary(missing: number): ColumnSummary {
    const { column, kind } = this.#feature;
    return { column, kind, missing, imputed: this.#imputed, ...this.#tally.range };
  }
}

class CategoryEncoder implements ColumnEncoder {
  readonly column: string;
  readonly imputes: boolean;
  readonly #values: readonly string[];
  readonly #impute: string;
  readonly #put: (place: number) => void;
  readonly #tally: PlaceTally;
  #place = 0;
  #isImputed = false;
  #imputed = 0;

  /** `put`: writes the place of the cell's value among the feature's. */
  constructor(
    { column, values, missing }: Pick<CategoryFeature, "column" | "values" | "missing">,
    put: (place: number) => void,
  ) {
    this.column = column;
    this.imputes = missing !== undefined;
    this.#values = values;
    this.#impute = missing?.impute ?? "";
    this.#put = put;
    this.#tally = new PlaceTally(values.length);
  }

  encode(cell: Cell): void {
    this.#isImputed = cell.text === "" && this.imputes;
    const text = this.#isImputed ? this.#impute : cell.text;
    this.#place = categoryIn({ ...cell, text }, this.#values);
    this.#put(this.#place);
  }

  keep(): void {
    if (this.#isImputed) this.#imputed++;
    else this.#tally.add(this.#place);
  }

  summary(missing: number): ColumnSummary {
    const { counts } = this.#tally;
    const gaps = { column: this.column, missing, imputed: this.#imputed };
    return { ...gaps, kind: "category", values: this.#values, counts };
  }
}

class ThresholdEncoder implements ColumnEncoder {
  readonly column: string;
  readonly imputes = false;
  readonly #put: (value: number) => void;
  readonly #tally = new NumberTally();
  #value = 0;

  /** `put`: decides what the cell's number means. */
  constructor(column: string, put: (value: number) => void) {
    this.column = column;
    this.#put = put;
  }

  encode(cell: Cell): void {
    this.#value = numberIn(cell);
    this.#put(this.#value);
  }

  keep(): void {
    this.#tally.add(this.#value);
  }

  summary(missing: number): ColumnSummary {
    return { column: this.column, kind: "number", missing, imputed: 0, ...this.#tally.range };
  }
}
