import { featureCount } from "./dataset.ts";
import { type Examples, MemoryExamples } from "./examples.ts";
import { Spool, SpooledExamples } from "./spool.ts";

/** Where a reader of data puts what it reads. */
export interface ExampleSink {
  /**
   * Takes one example; await it before the next. `features`: shape `[featureCount(featureShape)]`, all finite, copied.
   * Rejects with {@link ClientError} `unwritable` when they do not fit anywhere.
   */
  append(features: Float32Array, label: number): Promise<void>;
}

/** Where examples may be kept. */
export interface ExampleStorage {
  /** Features beyond this many bytes go to a file. */
  readonly limitBytes: number;
  /** Folder for that file: on a disk of the site's own. */
  readonly directory: string;
}

/** Rows in the making. */
interface Rows extends Disposable {
  append(features: Float32Array): Promise<void>;
  /** Ends the making; the rows go with what is returned. */
  finish(labels: Int32Array): Promise<Examples>;
}

/** Collects examples of which nobody knows how many come: in memory up to a limit, in a spool beyond it. */
export class ExampleWriter implements ExampleSink, Disposable {
  readonly #featureShape: readonly number[];
  readonly #storage: ExampleStorage;
  readonly #labels = new GrowingLabels();
  #rows: Rows;
  #bytes = 0;

  constructor(featureShape: readonly number[], storage: ExampleStorage) {
    this.#featureShape = featureShape;
    this.#storage = storage;
    this.#rows = new MemoryRows(featureShape);
  }

  async append(features: Float32Array, label: number): Promise<void> {
    this.#bytes += features.byteLength;
    if (this.#bytes > this.#storage.limitBytes && this.#rows instanceof MemoryRows)
      this.#rows = await this.#rows.spooled(this.#storage.directory);
    await this.#rows.append(features);
    this.#labels.push(label);
  }

  /** All examples so far, in their order. Call it last. Rejects as append does. */
  async finish(): Promise<Examples> {
    const examples = await this.#rows.finish(this.#labels.all());
    this.#rows = new MemoryRows(this.#featureShape);
    return examples;
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}

const BLOCK_BYTES = 1024 * 1024;

/** Room for rows that is filled from its beginning. */
class Block {
  readonly #numbers: Float32Array;
  #filled = 0;

  constructor(featureShape: readonly number[]) {
    const width = featureCount(featureShape);
    this.#numbers = new Float32Array(rowsPerBlock(featureShape) * width);
  }

  get isFull(): boolean {
    return this.#filled === this.#numbers.length;
  }

  get filled(): Float32Array {
    return this.#numbers.subarray(0, this.#filled);
  }

  push(features: Float32Array): void {
    this.#numbers.set(features, this.#filled);
    this.#filled += features.length;
  }

  clear(): void {
    this.#filled = 0;
  }
}

function rowsPerBlock(featureShape: readonly number[]): number {
  const rowBytes = Float32Array.BYTES_PER_ELEMENT * featureCount(featureShape);
  return Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
}

/** Rows in blocks: memory grows by one at a time, and nothing is ever copied to make room. */
class MemoryRows implements Rows {
  readonly #featureShape: readonly number[];
  readonly #full: Float32Array[] = [];
  #block: Block;

  constructor(featureShape: readonly number[]) {
    this.#featureShape = featureShape;
    this.#block = new Block(featureShape);
  }

  async append(features: Float32Array): Promise<void> {
    if (this.#block.isFull) {
      this.#full.push(this.#block.filled);
      this.#block = new Block(this.#featureShape);
    }
    this.#block.push(features);
  }

  async finish(labels: Int32Array): Promise<Examples> {
    const blocks = [...this.#full, this.#block.filled];
    return new MemoryExamples(this.#featureShape, labels, blocks, rowsPerBlock(this.#featureShape));
  }

  /** Moves the rows to a spool. */
  async spooled(directory: string): Promise<SpooledRows> {
    using opened = new DisposableStack();
    const spool = opened.use(Spool.open(directory));
    for (const block of this.#full) await spool.append(block);
    opened.move();
    return new SpooledRows(this.#featureShape, spool, this.#block);
  }

  [Symbol.dispose](): void {
    // Memory goes by itself.
  }
}

/** Rows in a spool, written a block at a time. */
class SpooledRows implements Rows {
  readonly #featureShape: readonly number[];
  readonly #spool: Spool;
  readonly #block: Block;

  /** Takes the spool over. `block`: rows that come next. */
  constructor(featureShape: readonly number[], spool: Spool, block: Block) {
    this.#featureShape = featureShape;
    this.#spool = spool;
    this.#block = block;
  }

  async append(features: Float32Array): Promise<void> {
    if (this.#block.isFull) await this.#flush();
    this.#block.push(features);
  }

  async finish(labels: Int32Array): Promise<Examples> {
    await this.#flush();
    return new SpooledExamples(this.#featureShape, labels, this.#spool);
  }

  [Symbol.dispose](): void {
    this.#spool[Symbol.dispose]();
  }

  async #flush(): Promise<void> {
    await this.#spool.append(this.#block.filled);
    this.#block.clear();
  }
}

/** Labels of which nobody knows how many come. */
class GrowingLabels {
  #labels = new Int32Array(1024);
  #count = 0;

  push(label: number): void {
    if (this.#count === this.#labels.length) {
      const larger = new Int32Array(2 * this.#count);
      larger.set(this.#labels);
      this.#labels = larger;
    }
    this.#labels[this.#count++] = label;
  }

  all(): Int32Array {
    return this.#labels.slice(0, this.#count);
  }
}
