/** What the files at every site hold, and how an example becomes numbers. */
export type DataSchema = IdxSchema | ImagesSchema | TableSchema;

/** Images and their classes in two IDX files of bytes, the format of MNIST. */
export interface IdxSchema {
  readonly format: "idx";
  /** Labels are 0 to classes - 1; 2 to 256, as a label is one byte. */
  readonly classes: number;
  /** Every pixel is divided by it; 1e-6 to 1e9. */
  readonly scale: number;
}

/** A folder with one subfolder of PNG and JPEG files for each class. An example has shape `[height, width, channels]`. */
export interface ImagesSchema {
  readonly format: "images";
  /** Names of the subfolders, 2 to 1000; the class is the position here. */
  readonly classes: readonly string[];
  /** In pixels, 1 to 4096. */
  readonly height: number;
  /** In pixels, 1 to 4096. */
  readonly width: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** Every value, 0 to 255, is divided by it; 1e-6 to 1e9. */
  readonly scale: number;
  /** What happens to an image of another size: it is refused, or brought to this one without regard to its proportions. */
  readonly resize: "refuse" | "fill";
}

/** Records with named cells, one example each, whatever their file looks like. */
export type TableSchema = CsvSchema | NdjsonSchema;

/** One example a row, columns found by the names in the header. Columns that are not named here are not read. */
export interface CsvSchema extends Columns {
  readonly format: "csv";
}

/** One example a line: a JSON object. A column's name is a key; dots lead into nested objects. */
export interface NdjsonSchema extends Columns {
  readonly format: "ndjson";
}

/** What the columns of a table mean. */
export interface Columns {
  /** In the order in which they are encoded: 1 to 10 000. */
  readonly features: readonly Feature[];
  readonly label: Label;
  /**
   * What a cell without a value does, in a column that is named here and has no `missing` of its own: its row is left
   * out, or the file is refused.
   */
  readonly missing: "drop-row" | "refuse";
}

export type Feature = NumberFeature | CategoryFeature;

/** Becomes one number: (cell - mean) / scale. Both are public constants, never statistics of one site's records. */
export interface NumberFeature {
  readonly column: string;
  readonly kind: "number";
  readonly mean: number;
  /** Above 0. */
  readonly scale: number;
  /** Taken for a missing cell, in the column's own unit: mean and scale apply to it. */
  readonly missing?: Imputation<number>;
}

/** Becomes one number for each value, 1 for the cell's and 0 for the others. Another value in a cell is an error. */
export interface CategoryFeature {
  readonly column: string;
  readonly kind: "category";
  /** 2 to 1000, as they are written in the files. */
  readonly values: readonly string[];
  /** Taken for a missing cell: one of `values`. */
  readonly missing?: Imputation<string>;
}

/** A public constant that stands for a missing cell. */
export interface Imputation<T> {
  readonly impute: T;
}

export type Label = BinaryLabel | CategoryLabel;

/** Positive when the cell, a number, is greater than `positiveAbove`. */
export interface BinaryLabel {
  readonly column: string;
  readonly kind: "binary";
  readonly positiveAbove: number;
}

/** The class is the cell's position among `values`, 2 to 1000 of them. */
export interface CategoryLabel {
  readonly column: string;
  readonly kind: "category";
  readonly values: readonly string[];
}
