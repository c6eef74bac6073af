/** What one column of a site's table is like. Never leaves the site. */
export type ColumnSummary = NumberSummary | CategorySummary;

interface Gaps {
  readonly column: string;
  /** Rows without a value here, those included that were left out for it. */
  readonly missing: number;
  /** Examples that have the plan's value instead. */
  readonly imputed: number;
}

/** In the column's own unit, over the examples that have a value of their own; NaN where none has. */
export interface NumberSummary extends Gaps {
  readonly kind: "number";
  readonly smallest: number;
  readonly mean: number;
  readonly largest: number;
}

/** Over the examples that have a value of their own. */
export interface CategorySummary extends Gaps {
  readonly kind: "category";
  readonly values: readonly string[];
  /** Examples with each of `values`. */
  readonly counts: readonly number[];
}

/** Where numbers lie. */
export class NumberTally {
  #count = 0;
  #sum = 0;
  #smallest = Number.POSITIVE_INFINITY;
  #largest = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    this.#count++;
    this.#sum += value;
    if (value < this.#smallest) this.#smallest = value;
    if (value > this.#largest) this.#largest = value;
  }

  /** All NaN before the first number. */
  get range(): Pick<NumberSummary, "smallest" | "mean" | "largest"> {
    if (this.#count === 0) {
      return { smallest: Number.NaN, mean: Number.NaN, largest: Number.NaN };
    }
    const mean = this.#sum / this.#count;
    return { smallest: this.#smallest, mean, largest: this.#largest };
  }
}

/** How often each of some places occurs. */
export class PlaceTally {
  readonly #counts: Float64Array;

  constructor(places: number) {
    this.#counts = new Float64Array(places);
  }

  add(place: number): void {
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  get counts(): readonly number[] {
    return [...this.#counts];
  }
}
