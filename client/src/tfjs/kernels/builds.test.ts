import fc from "fast-check";
import { expect, test } from "vitest";
import { Bench } from "./bench.test-support.ts";
import type { KernelBuild, TrainingKernels } from "./training-kernels.ts";

const upTo = (max: number, min = 1) => fc.integer({ min, max });

/** Windows with borders of any width, also such as nothing lies below. */
const window = fc
  .record({
    batch: upTo(2),
    size: fc.tuple(upTo(9), upTo(9)),
    channels: upTo(9),
    filter: fc.tuple(upTo(4), upTo(4)),
    outSize: fc.tuple(upTo(9), upTo(9)),
    outs: upTo(9),
    strides: fc.tuple(upTo(3), upTo(3)),
    dilations: fc.tuple(upTo(2), upTo(2)),
    border: fc.tuple(upTo(5, -2), upTo(5, -2)),
  })
  .map(({ batch, size, channels, filter, outSize, outs, strides, dilations, border }) => ({
    values: [
      ...[batch, ...size, channels, ...filter, ...outSize, outs],
      ...[...strides, ...dilations, ...border],
    ],
    imageCount: batch * size[0] * size[1] * channels,
    places: filter[0] * filter[1],
    pixels: batch * outSize[0] * outSize[1],
    channels,
    outs,
  }));

type Window = typeof window extends fc.Arbitrary<infer T> ? T : never;

/** What a kernel leaves at `target`, of `count` values, having been given addresses of random operands. */
interface Run {
  readonly counts: (window: Window) => readonly [left: number, right: number, target: number];
  readonly call: (
    kernels: TrainingKernels,
    addresses: { window: number; left: number; right: number; target: number },
    workspace: (bytes: number) => number,
  ) => void;
  readonly isDepthwise?: boolean;
}

const image = ({ imageCount }: Window) => imageCount;
const filter = ({ places, channels, outs }: Window) => places * channels * outs;
const out = ({ pixels, outs }: Window) => pixels * outs;
const thinFilter = ({ places, channels }: Window) => places * channels;
const thinOut = ({ pixels, channels }: Window) => pixels * channels;

const RUNS: Readonly<Record<string, Run>> = {
  conv2d: {
    counts: (w) => [image(w), filter(w), out(w)],
    call: (kernels, { window, left, right, target }, workspace) =>
      kernels.conv2d(
        window,
        left,
        right,
        target,
        0,
        true,
        workspace(kernels.conv2dWorkspace(window)),
      ),
  },
  conv2dFilterGradient: {
    counts: (w) => [image(w), out(w), filter(w)],
    call: (kernels, { window, left, right, target }, workspace) =>
      kernels.conv2dFilterGradient(
        window,
        left,
        right,
        target,
        workspace(kernels.conv2dFilterGradientWorkspace(window)),
      ),
  },
  conv2dInputGradient: {
    counts: (w) => [out(w), filter(w), image(w)],
    call: (kernels, { window, left, right, target }, workspace) =>
      kernels.conv2dInputGradient(
        window,
        left,
        right,
        target,
        workspace(kernels.conv2dInputGradientWorkspace(window)),
      ),
  },
  depthwise: {
    isDepthwise: true,
    counts: (w) => [image(w), thinFilter(w), thinOut(w)],
    call: (kernels, { window, left, right, target }) =>
      kernels.depthwise(window, left, right, target),
  },
  depthwiseFilterGradient: {
    isDepthwise: true,
    counts: (w) => [image(w), thinOut(w), thinFilter(w)],
    call: (kernels, { window, left, right, target }) =>
      kernels.depthwiseFilterGradient(window, left, right, target),
  },
  depthwiseInputGradient: {
    isDepthwise: true,
    counts: (w) => [thinOut(w), thinFilter(w), image(w)],
    call: (kernels, { window, left, right, target }) =>
      kernels.depthwiseInputGradient(window, left, right, target),
  },
  maxPool: {
    isDepthwise: true,
    counts: (w) => [image(w), 0, thinOut(w)],
    call: (kernels, { window, left, target }) => kernels.maxPool(window, left, target),
  },
  averagePool: {
    isDepthwise: true,
    counts: (w) => [image(w), 0, thinOut(w)],
    call: (kernels, { window, left, target }) => kernels.averagePool(window, left, target),
  },
  averagePoolGradient: {
    isDepthwise: true,
    counts: (w) => [thinOut(w), 0, image(w)],
    call: (kernels, { window, left, target }) => kernels.averagePoolGradient(window, left, target),
  },
};

function resultOf(build: KernelBuild, run: Run, window: Window): number[] {
  const bench = new Bench(build);
  const values = window.values.with(8, run.isDepthwise === true ? window.channels : window.outs);
  const [left, right, target] = run.counts(window);
  const addresses = {
    window: bench.put(values, Int32Array),
    left: bench.put(bench.random(left)),
    right: bench.put(bench.random(right)),
    target: bench.put(Array.from({ length: target }, () => Number.NaN)),
  };
  run.call(bench.kernels, addresses, (bytes) => bench.workspace(bytes));
  return bench.get(addresses.target, target);
}

test.each(Object.entries(RUNS))(
  "both builds of %s agree for any window, fill the result and write nothing behind their workspace",
  (_, run) => {
    const property = fc.property(window, (sizes) => {
      const simd = resultOf("simd", run, sizes);
      const relaxed = resultOf("relaxed-simd", run, sizes);
      for (const [index, value] of simd.entries()) {
        // A pool over nothing is -Infinity. At most 1,600 products up to 4, with 6e-8 of each lost.
        const other = relaxed[index] ?? Number.NaN;
        expect(value === other || Math.abs(value - other) < 5e-4).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 100 });
  },
);

test("a workspace that is too short by one value is noticed", () => {
  const bench = new Bench("simd");
  const left = bench.put(bench.random(6 * 8));
  const target = bench.put(bench.random(36));
  // One product of 6 x 8 by 8 x 6: its packed rows end 48 values after the packed columns' block of 256 steps.
  const needed = 4 * (48 + 256 * 8 + 48);
  const workspace = bench.workspace(needed - 4);
  bench.kernels.gemm(6, 6, 8, left, 8, 1, left, 6, 1, target, 6, false, 0, false, workspace);
  expect(() => bench.get(target, 36)).toThrow("something was written behind");
});
