import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import { copyExamples, type Dataset, emptyDataset } from "./dataset.ts";
import { shuffledIndices } from "./hold-out.ts";

/**
 * An endless sequence of batches: all examples in an order that the seed decides, then all again in another one. A batch
 * may hold the end of one pass and the beginning of the next; with fewer examples than `batchSize` it is all of them.
 */
export class Batches {
  readonly #dataset: Dataset;
  readonly #random: RandomNumbers;
  /** Overwritten by each batch. */
  readonly #batch: Dataset;
  /** Examples of this pass that no batch has had yet. */
  #left: Uint32Array = new Uint32Array(0);

  /** `dataset` has one example or more. */
  constructor(dataset: Dataset, batchSize: number, seed: string) {
    this.#dataset = dataset;
    this.#random = new RandomNumbers(seededRandom(seed));
    this.#batch = emptyDataset(Math.min(batchSize, dataset.examples), dataset.featureShape);
  }

  /** The next batch. Its arrays are the same every time and hold it until the next call. */
  next(): Dataset {
    const indices = new Uint32Array(this.#batch.examples);
    for (let filled = 0; filled < indices.length; ) {
      if (this.#left.length === 0) {
        this.#left = shuffledIndices(this.#dataset.examples, this.#random);
      }
      const taken = this.#left.subarray(0, indices.length - filled);
      indices.set(taken, filled);
      filled += taken.length;
      this.#left = this.#left.subarray(taken.length);
    }
    copyExamples(this.#dataset, indices, this.#batch);
    return this.#batch;
  }
}
