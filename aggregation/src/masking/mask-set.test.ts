import fc from "fast-check";
import { expect, test } from "vitest";
import { openFastKernels, openPlainKernels } from "../kernels/open-kernels.ts";
import { seededRandom } from "../random.ts";
import { bytesOfWords } from "../vector.ts";
import { MaskSet } from "./mask-set.ts";
import { MaskStream } from "./mask-stream.ts";

/** Masks that repeat, every third of them subtracted. */
function masks(count: number): MaskSet {
  const streams = Array.from({ length: count }, (_, i) => {
    const seed = new Uint8Array(32);
    seededRandom(`mask ${i}`).fill(seed);
    return new MaskStream(seed, i % 3 !== 0);
  });
  return new MaskSet(streams);
}

const same = (a: Uint32Array, b: Uint32Array) =>
  Buffer.compare(bytesOfWords(a), bytesOfWords(b)) === 0;

test("the plain and the fast kernels mask a vector alike, with more masks than are open at once, at any length", () => {
  for (const length of [0, 1, 32_767, 32_768, 32_769, 70_001]) {
    for (const count of [1, 64, 65]) {
      const [plain, fast] = [new Uint32Array(length).fill(5), new Uint32Array(length).fill(5)];
      masks(count).applyTo(plain, 3, openPlainKernels);
      masks(count).applyTo(fast, 3, openFastKernels);
      expect(same(plain, fast)).toBe(true);
    }
  }
});

const LENGTH = 40_000;

test("stretches that are masked one by one, cut anywhere, are masked as the whole vector is", () => {
  const whole = new Uint32Array(LENGTH).fill(7);
  masks(5).applyTo(whole);
  const cuts = fc.array(fc.nat({ max: LENGTH }), { maxLength: 6 });
  fc.assert(
    fc.property(cuts, (unsorted) => {
      const bounds = [0, ...unsorted.toSorted((a, b) => a - b), LENGTH];
      const pieces = new Uint32Array(LENGTH).fill(7);
      for (const [i, end] of bounds.slice(1).entries()) {
        const start = bounds[i] ?? Number.NaN;
        masks(5).applyTo(pieces.subarray(start, end), start);
      }
      expect(same(pieces, whole)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

// Positive control: the comparison must see a stretch that was masked as if it were the first.
test("a stretch masked from the wrong place is not what the whole vector is there", () => {
  const [whole, stretch] = [new Uint32Array(100), new Uint32Array(50)];
  masks(5).applyTo(whole);
  masks(5).applyTo(stretch, 49);
  expect(same(stretch, whole.subarray(50))).toBe(false);
});

test("masks rebuilt from their seeds are the same masks, and outlive those that gave the seeds", () => {
  const wanted = new Uint32Array(100);
  masks(7).applyTo(wanted);
  const given = masks(7);
  const rebuilt = MaskSet.fromSeeds(given.seeds());
  given[Symbol.dispose]();
  const got = new Uint32Array(100);
  rebuilt.applyTo(got);
  expect(same(got, wanted)).toBe(true);
});
