import { type Dataset, emptyDataset, featureCount, sliceExamples } from "./dataset.ts";

/**
 * One site's examples, wherever they are kept: a few are read at a time, in any order. Dispose it to let go of what keeps
 * them.
 */
export interface Examples extends Disposable {
  readonly examples: number;
  /** One example as the model's first layer takes it, without the batch. */
  readonly featureShape: readonly number[];
  /** Class of each example, in memory. Shape `[examples]`. */
  readonly labels: Int32Array;
  /**
   * Copies the examples at `indices`, in that order, over the first ones of `target`, which has the same shape and room for
   * them. Throws RangeError for an index that is none, {@link ClientError} `unreadable` when a disk fails that keeps them.
   */
  read(indices: Uint32Array, target: Dataset): void;
}

/** Examples in memory: blocks of as many rows each, the last one maybe of fewer. */
export class MemoryExamples implements Examples {
  readonly featureShape: readonly number[];
  readonly labels: Int32Array;
  readonly #blocks: readonly Float32Array[];
  readonly #rowsPerBlock: number;

  /** `blocks`: together as many rows as `labels`, each but the last of `rowsPerBlock`. */
  constructor(
    featureShape: readonly number[],
    labels: Int32Array,
    blocks: readonly Float32Array[],
    rowsPerBlock: number,
  ) {
    this.featureShape = featureShape;
    this.labels = labels;
    this.#blocks = blocks;
    this.#rowsPerBlock = rowsPerBlock;
  }

  get examples(): number {
    return this.labels.length;
  }

  read(indices: Uint32Array, target: Dataset): void {
    const width = featureCount(this.featureShape);
    readRows(this.labels, indices, target, (index, row) => {
      const block = this.#blocks[Math.floor(index / this.#rowsPerBlock)];
      const start = (index % this.#rowsPerBlock) * width;
      row.set(block?.subarray(start, start + width) ?? []);
    });
  }

  [Symbol.dispose](): void {
    // Memory goes by itself.
  }
}

/** Some of other examples, which stay where they are and are not let go with these. */
export class ChosenExamples implements Examples {
  readonly labels: Int32Array;
  readonly #source: Examples;
  readonly #indices: Uint32Array;

  /** `indices`: into `source`, in the order that these examples have. */
  constructor(source: Examples, indices: Uint32Array) {
    this.labels = new Int32Array(indices.length).map(
      (_, row) => source.labels[indices[row] ?? 0] ?? 0,
    );
    this.#source = source;
    this.#indices = indices;
  }

  get examples(): number {
    return this.#indices.length;
  }

  get featureShape(): readonly number[] {
    return this.#source.featureShape;
  }

  read(indices: Uint32Array, target: Dataset): void {
    const chosen = indices.map((index) => {
      requireExample(index, this.examples);
      return this.#indices[index] ?? 0;
    });
    this.#source.read(chosen, target);
  }

  [Symbol.dispose](): void {
    // The source is somebody else's.
  }
}

/** Examples to read from: a dataset in memory is read as one. */
export function examplesOf(source: Dataset | Examples): Examples {
  if ("read" in source) return source;
  const { featureShape, labels, features, examples } = source;
  return new MemoryExamples(featureShape, labels, [features], Math.max(1, examples));
}

/** Beyond this batches get fewer examples: kernels gain nothing from more, and images may be large. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024;

/**
 * All examples once, in their order, in batches of at most `batchSize`: fewer where those would take more than 64 MiB. Each
 * batch is overwritten by the next.
 */
export function* batchesInOrder(
  source: Examples,
  batchSize: number,
): Generator<Dataset, void, undefined> {
  const exampleBytes = Float32Array.BYTES_PER_ELEMENT * featureCount(source.featureShape);
  const affordable = Math.max(1, Math.floor(MAX_BATCH_BYTES / exampleBytes));
  const size = Math.min(batchSize, affordable, source.examples);
  const room = emptyDataset(size, source.featureShape);
  for (let start = 0; start < source.examples; start += size) {
    const batch = sliceExamples(room, 0, source.examples - start);
    source.read(
      new Uint32Array(batch.examples).map((_, row) => start + row),
      batch,
    );
    yield batch;
  }
}

/** What every way of keeping rows does with them: `readRow` gets an index that is one, and where its features belong. */
export function readRows(
  labels: Int32Array,
  indices: Uint32Array,
  target: Dataset,
  readRow: (index: number, row: Float32Array) => void,
): void {
  const width = featureCount(target.featureShape);
  for (const [row, index] of indices.entries()) {
    requireExample(index, labels.length);
    readRow(index, target.features.subarray(row * width, (row + 1) * width));
    target.labels.set(labels.subarray(index, index + 1), row);
  }
}

function requireExample(index: number, examples: number): void {
  if (index >= examples) throw new RangeError(`example ${index}, wanted one below ${examples}`);
}
