import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import {
  errorOf,
  type OperationCase,
  randomInputs,
  relativeError,
  resultOf,
} from "./reference.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** Few and small: the reference is slow. */
const RUNS = { numRuns: 60 };
const TOLERANCE = 5e-6;

const upTo = (max: number, min = 1) => fc.integer({ min, max });
const some = <T>(...values: T[]) => fc.constantFrom(...values);

async function requireAgreement(operation: OperationCase): Promise<void> {
  expect(await errorOf(operation, JSON.stringify(operation.shapes))).toBeLessThan(TOLERANCE);
}

/** Sizes of an image, a filter in it, and how it moves. */
const window = fc.record({
  batch: upTo(3),
  height: upTo(9),
  width: upTo(9),
  channels: upTo(9),
  filterHeight: upTo(4),
  filterWidth: upTo(4),
  outs: upTo(10),
  strides: fc.tuple(upTo(3), upTo(3)),
  pad: some<"same" | "valid" | 0 | 1 | 2>("same", "valid", 0, 1, 2),
});

type Window = typeof window extends fc.Arbitrary<infer T> ? T : never;

/** Whether there is a result. With borders in pixels core takes the filter's height for its width, too. */
function isInside({ height, width, filterHeight, filterWidth, pad }: Window): boolean {
  if (pad === "same") return true;
  if (pad === "valid") return filterHeight <= height && filterWidth <= width;
  return filterHeight <= Math.min(height, width) + 2 * pad;
}

const rounding = (pad: Window["pad"]) => (typeof pad === "number" ? "floor" : undefined);

test("convolutions of any size, stride and padding agree with the reference, gradients included", async () => {
  await fc.assert(
    fc.asyncProperty(window.filter(isInside), async (sizes) => {
      const { batch, height, width, channels, filterHeight, filterWidth, outs, strides, pad } =
        sizes;
      await requireAgreement({
        shapes: [
          [batch, height, width, channels],
          [filterHeight, filterWidth, channels, outs],
        ],
        compute: (x, filter) =>
          tf.conv2d(
            x as tf.Tensor4D,
            filter as tf.Tensor4D,
            strides,
            pad,
            "NHWC",
            1,
            rounding(pad),
          ),
      });
    }),
    RUNS,
  );
});

test("depthwise convolutions of any size, stride and padding agree with the reference, gradients included", async () => {
  await fc.assert(
    fc.asyncProperty(window.filter(isInside), upTo(3), async (sizes, multiplier) => {
      const { batch, height, width, channels, filterHeight, filterWidth, strides, pad } = sizes;
      await requireAgreement({
        shapes: [
          [batch, height, width, channels],
          [filterHeight, filterWidth, channels, multiplier],
        ],
        compute: (x, filter) =>
          tf.depthwiseConv2d(
            x as tf.Tensor4D,
            filter as tf.Tensor4D,
            strides,
            pad,
            "NHWC",
            1,
            rounding(pad),
          ),
      });
    }),
    RUNS,
  );
});

test("pooling of any size, stride and padding agrees with the reference, its gradient included", async () => {
  await fc.assert(
    fc.asyncProperty(window.filter(isInside), async (sizes) => {
      const { batch, height, width, channels, filterHeight, filterWidth, strides, pad } = sizes;
      // Windows that lie outside the image have no maximum.
      const isSquare = filterHeight === filterWidth && strides[0] === strides[1];
      fc.pre(typeof pad !== "number" || (isSquare && pad < filterHeight));
      await requireAgreement({
        shapes: [[batch, height, width, channels]],
        compute: (x) =>
          tf.maxPool(x as tf.Tensor4D, [filterHeight, filterWidth], strides, pad, rounding(pad)),
      });
    }),
    RUNS,
  );
});

test("dilated convolutions agree with the reference", async () => {
  const dilations = fc.tuple(upTo(3), upTo(3));
  await fc.assert(
    fc.asyncProperty(window, dilations, fc.boolean(), async (sizes, dilation, isDepthwise) => {
      const { batch, height, width, channels, filterHeight, filterWidth, outs } = sizes;
      const { compute } = dilated(dilation, isDepthwise);
      const shapes = [
        [batch, height, width, channels],
        [filterHeight, filterWidth, channels, outs],
      ];
      const inputs = randomInputs(shapes, JSON.stringify(shapes));
      const values = await resultOf({ shapes, compute }, inputs, "wasm");
      const reference = await resultOf({ shapes, compute }, inputs, "cpu");
      expect(relativeError(values, reference)).toBeLessThan(TOLERANCE);
    }),
    RUNS,
  );
});

/** Core has no gradient for these, and wants a stride of 1. */
function dilated(dilation: [number, number], isDepthwise: boolean): Pick<OperationCase, "compute"> {
  const convolve = isDepthwise ? tf.depthwiseConv2d : tf.conv2d;
  return {
    compute: (x, filter) =>
      convolve(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same", "NHWC", dilation),
  };
}

test("products of batches of any shape that core accepts are those of the repeated matrices", async () => {
  const axes = fc.array(fc.tuple(upTo(3), some("both", "a", "b", "only b")), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(axes, upTo(7), upTo(9), upTo(7), async (batch, rows, depth, columns) => {
      const full = batch.map(([length]) => length);
      const shapeOf = (operand: string) =>
        batch.map(([length, has]) => (has === "both" || has.endsWith(operand) ? length : 1));
      // Leading axes of 1 may be left out.
      const leading = batch.findIndex(([, has]) => has !== "only b");
      const aBatch = shapeOf("a").slice(leading === -1 ? batch.length : leading);
      const shapes = [
        [...aBatch, rows, depth],
        [...shapeOf("b"), depth, columns],
      ];
      const inputs = randomInputs(shapes, JSON.stringify(shapes));
      const compute = (a?: tf.Tensor, b?: tf.Tensor) => tf.matMul(a as tf.Tensor, b as tf.Tensor);
      const repeated = (a?: tf.Tensor, b?: tf.Tensor) =>
        compute(
          tf.broadcastTo(a as tf.Tensor, [...full, rows, depth]),
          tf.broadcastTo(b as tf.Tensor, [...full, depth, columns]),
        );
      const values = await resultOf({ shapes, compute }, inputs, "wasm");
      const reference = await resultOf({ shapes, compute: repeated }, inputs, "cpu");
      expect(relativeError(values, reference)).toBeLessThan(TOLERANCE);
    }),
    RUNS,
  );
});
