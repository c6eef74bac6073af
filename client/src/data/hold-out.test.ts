import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { type Examples, examplesOf } from "./examples.ts";
import { holdOutSize, splitHoldOut } from "./hold-out.ts";
import { everything } from "./plans.test-support.ts";

/** Example i has the features [i, i + 0.5] and the label i: it can be told from the others wherever it ends up. */
function numbered(examples: number): Examples {
  return examplesOf({
    examples,
    features: Float32Array.from({ length: 2 * examples }, (_, i) => i / 2),
    featureShape: [2],
    labels: Int32Array.from({ length: examples }, (_, i) => i),
  });
}

const sizesAndShares = fc
  .tuple(fc.integer({ min: 2, max: 200 }), fc.double({ min: 0, max: 0.99, noNaN: true }))
  .filter(([examples, share]) => {
    const size = Math.round(examples * share);
    return share === 0 || (size > 0 && size < examples);
  });

describe("splitting a hold-out off", () => {
  test("puts every example into exactly one part, features and label together", () => {
    fc.assert(
      fc.property(sizesAndShares, fc.string(), ([examples, share], seed) => {
        const { training, holdOut } = splitHoldOut(numbered(examples), share, seed);
        expect(holdOut.examples).toBe(holdOutSize("x", examples, share));
        const labels = [...training.labels, ...holdOut.labels];
        expect(labels.toSorted((a, b) => a - b)).toEqual([...numbered(examples).labels]);
        for (const part of [training, holdOut]) {
          const features = [...part.labels].flatMap((label) => [label, label + 0.5]);
          expect([...everything(part).features]).toEqual(features);
        }
      }),
    );
  });

  test("is the same for the same seed and another for another seed", () => {
    const labels = (seed: string) => [...splitHoldOut(numbered(100), 0.2, seed).holdOut.labels];
    expect(labels("a")).toEqual(labels("a"));
    expect(labels("a")).not.toEqual(labels("b"));
  });

  test("holds each example out about as often as the other", () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const label of splitHoldOut(numbered(10), 0.3, `${seed}`).holdOut.labels) {
        counts[label] = (counts[label] ?? 0) + 1;
      }
    }
    // Each count is binomial(2000, 0.3): 600 with a standard deviation of 20.5. Five of them are 103.
    for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(103);
  });

  test("of share 0 keeps everything for training", () => {
    const { training, holdOut } = splitHoldOut(numbered(5), 0, "seed");
    expect([training.examples, holdOut.examples]).toEqual([5, 0]);
  });
});

test.each([
  [0, 0.1],
  [1, 0],
  [4, 0.1],
  [2, 0.9],
])("%i examples are too few for a hold-out of share %f", (examples, share) => {
  expect(() => holdOutSize("site.csv", examples, share)).toThrow(ClientError);
  expect(() => holdOutSize("site.csv", examples, share)).toThrow(/^site.csv has/);
});
