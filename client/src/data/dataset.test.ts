import { expect, test } from "vitest";
import { type Dataset, sliceExamples } from "./dataset.ts";
import { selectExamples } from "./examples.test-support.ts";

function site(labels: readonly number[]): Dataset {
  const features = Float32Array.from(labels.flatMap((label) => [label, label + 0.5]));
  return {
    examples: labels.length,
    features,
    featureShape: [2, 1],
    labels: Int32Array.from(labels),
  };
}

test("a slice ends with the last example", () => {
  expect(sliceExamples(site([1, 2, 3]), 1, 9)).toEqual(site([2, 3]));
});

test("selected examples come in the order asked for, and one that is not there is a RangeError", () => {
  expect(selectExamples(site([1, 2, 3]), Uint32Array.of(2, 0))).toEqual(site([3, 1]));
  expect(() => selectExamples(site([1]), Uint32Array.of(1))).toThrow(RangeError);
});
