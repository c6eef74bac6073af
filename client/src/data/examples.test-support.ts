import { type Dataset, emptyDataset } from "./dataset.ts";
import { type Examples, examplesOf } from "./examples.ts";

/** Copies the examples at `indices`, in that order, into a new dataset. Throws as {@link Examples.read} does. */
export function selectExamples(source: Dataset | Examples, indices: Uint32Array): Dataset {
  const selected = emptyDataset(indices.length, source.featureShape);
  examplesOf(source).read(indices, selected);
  return selected;
}
