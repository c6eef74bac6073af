import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import { type Dataset, emptyDataset } from "./dataset.ts";
import { type Examples, examplesOf } from "./examples.ts";
import { shuffledIndices } from "./hold-out.ts";

/**
 * An endless sequence of batches: all examples in an order that the seed decides, then all again in another one. A batch
 * may hold the end of one pass and the beginning of the next; with fewer examples than `batchSize` it is all of them.
 */
export class Batches {
  readonly #source: Examples;
  readonly #random: RandomNumbers;
  /** Overwritten by each batch. */
  readonly #batch: Dataset;
  /** Examples of this pass that no batch has had yet. */
  #left: Uint32Array = new Uint32Array(0);

  /** `source` has one example or more. */
  constructor(source: Dataset | Examples, batchSize: number, seed: string) {
    this.#source = examplesOf(source);
    this.#random = new RandomNumbers(seededRandom(seed));
    this.#batch = emptyDataset(Math.min(batchSize, source.examples), source.featureShape);
  }

  /** The next batch. Its arrays are the same every time and hold it until the next call. Throws as {@link Examples.read} does. */
  next(): Dataset {
    const indices = new Uint32Array(this.#batch.examples);
    for (let filled = 0; filled < indices.length; ) {
      if (this.#left.length === 0) {
        this.#left = shuffledIndices(this.#source.examples, this.#random);
      }
      const taken = this.#left.subarray(0, indices.length - filled);
      indices.set(taken, filled);
      filled += taken.length;
      this.#left = this.#left.subarray(taken.length);
    }
    this.#source.read(indices, this.#batch);
    return this.#batch;
  }
}
