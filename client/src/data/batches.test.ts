import fc from "fast-check";
import { expect, test } from "vitest";
import { Batches } from "./batches.ts";
import type { Dataset } from "./dataset.ts";

function numbered(examples: number): Dataset {
  const labels = Int32Array.from({ length: examples }, (_, i) => i);
  return { examples, features: Float32Array.from(labels), featureShape: [1], labels };
}

function take(batches: Batches, count: number): number[] {
  return Array.from({ length: count }, () => [...batches.next().labels]).flat();
}

test("batches go through all examples once before any comes again, pass after pass", () => {
  const sizes = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(sizes, sizes, fc.string(), (examples, batchSize, seed) => {
      const seen = take(new Batches(numbered(examples), batchSize, seed), 3 * examples);
      for (let pass = 0; pass + examples <= seen.length; pass += examples) {
        expect(new Set(seen.slice(pass, pass + examples)).size).toBe(examples);
      }
    }),
  );
});

test("a site with fewer examples than a batch gives all of them every time", () => {
  const batches = new Batches(numbered(5), 32, "seed");
  for (let step = 0; step < 3; step++) {
    expect([...batches.next().labels].toSorted()).toEqual([0, 1, 2, 3, 4]);
  }
});

test("batches come in the same order for the same seed, in another for another, and passes differ", () => {
  const order = (seed: string) => take(new Batches(numbered(50), 10, seed), 10);
  expect(order("a")).toEqual(order("a"));
  expect(order("a")).not.toEqual(order("b"));
  expect(order("a").slice(0, 50)).not.toEqual(order("a").slice(50));
});

test("a batch's features belong to its labels", () => {
  const { features, labels } = new Batches(numbered(50), 10, "seed").next();
  expect([...features]).toEqual([...labels]);
});
