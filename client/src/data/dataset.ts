/** Examples as numbers, in memory: a batch, or all that one site has. Stays in the process that read it. */
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

/** The examples from `start` to before `end`, or to the last one: views, no copies. */
export function sliceExamples(dataset: Dataset, start: number, end: number): Dataset {
  const width = featureCount(dataset.featureShape);
  const labels = dataset.labels.subarray(start, end);
  const features = dataset.features.subarray(start * width, end * width);
  return { ...dataset, examples: labels.length, features, labels };
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
