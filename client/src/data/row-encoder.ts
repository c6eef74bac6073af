import { type Columns, encodedFeatureCount } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { badCell, type Cell } from "./cell.ts";
import { type ColumnEncoder, featureEncoder, labelEncoder } from "./column-encoder.ts";
import type { ColumnSummary } from "./column-summary.ts";
import type { Report } from "./report.ts";

/** One row as the model sees it. */
export interface EncodedRow {
  /** Shape `[encodedFeatureCount(schema)]`, all finite. */
  readonly features: Float32Array;
  readonly label: number;
}

/** Turns the rows of one table into numbers, as the plan's schema says. */
export class RowEncoder {
  /** Columns of the cells that {@link encode} takes: the features', then the label's. */
  readonly columns: readonly string[];
  readonly #dropsRows: boolean;
  readonly #report: Report;
  readonly #encoders: readonly ColumnEncoder[];
  readonly #missing: Float64Array;
  readonly #features: Float32Array;
  readonly #label = new Int32Array(1);
  #droppedRows = 0;

  /** `report`: is told of cells that are not what the schema says. */
  constructor(schema: Columns, report: Report) {
    this.#dropsRows = schema.missing === "drop-row";
    this.#report = report;
    this.#features = new Float32Array(encodedFeatureCount(schema));
    let offset = 0;
    const encoders = schema.features.map((feature) => {
      const start = offset;
      offset += feature.kind === "number" ? 1 : feature.values.length;
      return featureEncoder(feature, this.#features.subarray(start, offset));
    });
    this.#encoders = [...encoders, labelEncoder(schema.label, this.#label)];
    this.columns = this.#encoders.map(({ column }) => column);
    this.#missing = new Float64Array(this.columns.length);
  }

  /** Rows that were left out for a missing value. */
  get droppedRows(): number {
    return this.#droppedRows;
  }

  /** What each of {@link columns} was like. */
  get summaries(): readonly ColumnSummary[] {
    return this.#encoders.map((encoder, index) => encoder.summary(this.#missing[index] ?? 0));
  }

  /**
   * Encodes one row, `cells` in the order of {@link columns}; its numbers hold until the next. Undefined when the row is left
   * out: a cell is empty, nothing is imputed there and the schema drops such rows, or something was reported.
   */
  encode(cells: readonly Cell[]): EncodedRow | undefined {
    const gaps = this.#gapsAmong(cells);
    if (gaps.length > 0) {
      if (this.#dropsRows) this.#droppedRows++;
      else
        for (const gap of gaps)
          this.#report(badCell(gap, "a value: this plan refuses missing ones"));
      return undefined;
    }
    if (!this.#encodeAll(cells)) return undefined;
    for (const encoder of this.#encoders) encoder.keep();
    return { features: this.#features, label: this.#label[0] ?? 0 };
  }

  /** Cells without a value for which the plan has none either. Counts all without one. */
  #gapsAmong(cells: readonly Cell[]): readonly Cell[] {
    const gaps: Cell[] = [];
    for (const [index, cell] of cells.entries()) {
      if (cell.text !== "") continue;
      this.#missing[index] = (this.#missing[index] ?? 0) + 1;
      if (this.#encoders[index]?.imputes === false) gaps.push(cell);
    }
    return gaps;
  }

  /** False when a cell was reported. */
  #encodeAll(cells: readonly Cell[]): boolean {
    let areGood = true;
    for (const [index, cell] of cells.entries()) {
      try {
        this.#encoders[index]?.encode(cell);
      } catch (problem) {
        if (!(problem instanceof ClientError)) throw problem;
        areGood = false;
        this.#report(problem);
      }
    }
    return areGood;
  }
}
