/** One site's examples as numbers. Stays in the process that read it. */
export interface Dataset {
  readonly examples: number;
  /** Example after example, all finite. Shape `[examples, featureCount(featureShape)]`. */
  readonly features: Float32Array;
  /** One example as the model's first layer takes it, without the batch. */
  readonly featureShape: readonly number[];
  /** Class of each example: an index, 0 or 1 where the plan's label is binary. Shape `[examples]`. */
  readonly labels: Int32Array;
}

/** Numbers in one example. */
export function featureCount(featureShape: readonly number[]): number {
  return featureShape.reduce((product, length) => product * length, 1);
}

/** Copies the examples at `indices`, in that order, into a new dataset. Throws RangeError for an index that is none. */
export function selectExamples(dataset: Dataset, indices: Uint32Array): Dataset {
  const selected = emptyDataset(indices.length, dataset.featureShape);
  copyExamples(dataset, indices, selected);
  return selected;
}

/** The examples from `start` to before `end`, or to the last one: views, no copies. */
export function sliceExamples(dataset: Dataset, start: number, end: number): Dataset {
  const width = featureCount(dataset.featureShape);
  const labels = dataset.labels.subarray(start, end);
  const features = dataset.features.subarray(start * width, end * width);
  return { ...dataset, examples: labels.length, features, labels };
}

/** Copies the examples at `indices` over the first ones of `target`, which has the same shape and room for them. */
export function copyExamples(source: Dataset, indices: Uint32Array, target: Dataset): void {
  const width = featureCount(source.featureShape);
  for (const [row, index] of indices.entries()) {
    if (index >= source.examples) {
      throw new RangeError(`example ${index}, wanted one below ${source.examples}`);
    }
    const features = source.features.subarray(index * width, (index + 1) * width);
    target.features.set(features, row * width);
    target.labels.set(source.labels.subarray(index, index + 1), row);
  }
}

/** Room for examples: all features 0, all labels 0. */
export function emptyDataset(examples: number, featureShape: readonly number[]): Dataset {
  return {
    examples,
    features: new Float32Array(examples * featureCount(featureShape)),
    featureShape,
    labels: new Int32Array(examples),
  };
}
