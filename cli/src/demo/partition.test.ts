import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countLabels, partitionByLabel } from "./partition.ts";

const numbersOf = (seed: number): RandomNumbers => new RandomNumbers(seededRandom(`${seed}`));

const labelsOf = (examples: number, classes: number): Uint8Array =>
  Uint8Array.from({ length: examples }, (_, index) => (index * 7) % classes);

test("every example lands in exactly one shard and every shard is large enough", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 10 }),
      fc.double({ min: 0.3, max: 50, noNaN: true }),
      fc.nat(),
      (shards, classes, alpha, seed) => {
        const labels = labelsOf(600, classes);
        const options = { shards, classes, alpha, minimumExamples: 5 };
        const partition = partitionByLabel(labels, options, numbersOf(seed));
        const all = partition.flatMap((shard) => [...shard]).sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: 600 }, (_, index) => index));
        expect(Math.min(...partition.map((shard) => shard.length))).toBeGreaterThanOrEqual(5);
      },
    ),
  );
});

test("the same seed gives the same partition and another seed another one", () => {
  const labels = labelsOf(500, 10);
  const options = { shards: 4, classes: 10, alpha: 0.5, minimumExamples: 10 };
  const first = partitionByLabel(labels, options, numbersOf(3));
  expect(partitionByLabel(labels, options, numbersOf(3))).toEqual(first);
  expect(partitionByLabel(labels, options, numbersOf(4))).not.toEqual(first);
});

/** Mean over shards of the total variation distance between a shard's labels and those of all shards together. */
function skew(alpha: number): number {
  const labels = labelsOf(10_000, 10);
  const options = { shards: 4, classes: 10, alpha, minimumExamples: 50 };
  const partition = partitionByLabel(labels, options, numbersOf(11));
  const distances = partition.map((shard) => {
    const counts = countLabels(
      Uint8Array.from(shard, (index) => labels[index] ?? 0),
      10,
    );
    return counts.reduce((sum, count) => sum + Math.abs(count / shard.length - 0.1), 0) / 2;
  });
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
}

test("a small alpha makes labels uneven and a large one makes them even", () => {
  expect(skew(0.3)).toBeGreaterThan(0.3);
  expect(skew(1000)).toBeLessThan(0.05);
});

test("a partition that cannot be is refused with the reason", () => {
  const labels = labelsOf(10, 2);
  const options = { shards: 4, classes: 2, alpha: 1, minimumExamples: 3 };
  expect(() => partitionByLabel(labels, options, numbersOf(1))).toThrow(
    "got 10 examples, wanted 3 for each of 4 shards",
  );
  expect(() =>
    partitionByLabel(labels, { ...options, minimumExamples: 1, classes: 1 }, numbersOf(1)),
  ).toThrow("example 1 has label 1, wanted 0..0");
});
