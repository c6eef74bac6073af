import { expect, test } from "vitest";
import { Bench } from "./bench.test-support.ts";
import type { KernelBuild } from "./training-kernels.ts";

const BUILDS: KernelBuild[] = ["simd", "relaxed-simd"];

/** One image of 3 x 3 pixels with two channels: 1 to 9, and ten times as much. */
const IMAGE = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((value) => [value, 10 * value]);

/** Windows of 2 x 2 pixels, one a step, beginning one row and one column before the image: 3 x 3 of them. */
const SIZES = [1, 3, 3, 2, 2, 2, 3, 3, 2, 1, 1, 1, 1, 1, 1];

test.each(BUILDS)("means leave the border out, with %s", (build) => {
  const bench = new Bench(build);
  const window = bench.put(SIZES, Int32Array);
  const out = bench.put(Array.from({ length: 18 }, () => Number.NaN));
  bench.kernels.averagePool(window, bench.put(IMAGE), out);
  // By hand: one pixel in the corner, two along the edges, four elsewhere.
  const means = [1, 1.5, 2.5, 2.5, 3, 4, 5.5, 6, 7];
  expect(bench.get(out, 18)).toEqual(means.flatMap((value) => [value, 10 * value]));
});

test.each(BUILDS)(
  "each pixel receives its share of the gradient of every mean it is in, with %s",
  (build) => {
    const bench = new Bench(build);
    const window = bench.put(SIZES, Int32Array);
    const outGradient = bench.put([4, 4, 8, 8, 16, 16, 0, 0, 32, 32, 0, 0, 0, 0, 0, 0, 64, 64]);
    const xGradient = bench.put(Array.from({ length: 18 }, () => Number.NaN));
    bench.kernels.averagePoolGradient(window, outGradient, xGradient);
    // By hand: means 1, 2, 3, 5 and 9 stand for 1, 2, 2, 4 and 4 pixels.
    const wanted = [4 + 4 + 8, 4 + 8 + 8, 8, 8, 8 + 16, 16, 0, 16, 16];
    expect(bench.get(xGradient, 18)).toEqual(wanted.flatMap((value) => [value, value]));
  },
);
