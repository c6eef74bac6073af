import * as tf from "@tensorflow/tfjs-core";
import type { OperationCase } from "./reference.test-support.ts";

/** Kernel, stride, padding, input and output channels. */
const CONVOLUTIONS = [
  [5, 1, "same", 1, 6],
  [5, 1, "valid", 6, 16],
  [3, 2, "same", 8, 12],
  [3, 1, "same", 32, 64],
  [1, 1, "valid", 16, 8],
  [1, 2, "valid", 5, 3],
  [2, 2, "valid", 3, 5],
  [7, 1, "same", 3, 4],
  [3, 2, 2, 3, 9],
] as const;

/** Convolutions and pooling, by name. */
export const IMAGE_OPERATIONS: Readonly<Record<string, OperationCase>> = {
  ...convolutions(),
  ...otherConvolutions(),
  ...depthwise(),
  ...pooling(),
};

function convolutions(): Record<string, OperationCase> {
  const cases = CONVOLUTIONS.map(([kernel, stride, pad, channels, filters]) => [
    `conv2d ${kernel}x${kernel}, stride ${stride}, ${pad}, ${channels} to ${filters} channels`,
    {
      shapes: [
        [2, 9, 10, channels],
        [kernel, kernel, channels, filters],
      ],
      compute: (x: tf.Tensor, filter: tf.Tensor) =>
        tf.conv2d(image(x), image(filter), stride, pad, "NHWC", 1, pad === 2 ? "floor" : undefined),
    },
  ]);
  return Object.fromEntries(cases) as Record<string, OperationCase>;
}

function otherConvolutions(): Record<string, OperationCase> {
  return {
    "conv2d of a line": {
      shapes: [
        [2, 1, 12, 3],
        [1, 4, 3, 2],
      ],
      compute: (x, filter) => tf.conv2d(image(x), image(filter), [1, 3], "same"),
    },
    conv2dTranspose: {
      shapes: [
        [2, 5, 5, 4],
        [3, 3, 6, 4],
      ],
      compute: (x, filter) =>
        tf.conv2dTranspose(image(x), image(filter), [2, 10, 10, 6], 2, "same"),
    },
    conv1d: {
      shapes: [
        [4, 20, 3],
        [5, 3, 8],
      ],
      compute: (x, filter) => tf.conv1d(x as tf.Tensor3D, filter as tf.Tensor3D, 1, "same"),
    },
    "fused conv2d, bias and relu": {
      shapes: [[2, 7, 7, 3], [3, 3, 3, 8], [8]],
      compute: (x, filter, bias) =>
        tf.fused.conv2d({
          x: image(x),
          filter: image(filter),
          strides: 1,
          pad: "same",
          bias: bias as tf.Tensor,
          activation: "relu",
        }),
    },
    "fused conv2d, linear, one bias for all": {
      shapes: [[2, 7, 7, 3], [3, 3, 3, 8], [1]],
      compute: (x, filter, bias) =>
        tf.fused.conv2d({
          x: image(x),
          filter: image(filter),
          strides: 1,
          pad: "same",
          bias: bias as tf.Tensor,
        }),
    },
  };
}

function depthwise(): Record<string, OperationCase> {
  const convolution = (stride: number, pad: "same" | "valid", multiplier: number) => ({
    [`depthwise, stride ${stride}, ${pad}, multiplier ${multiplier}`]: {
      shapes: [
        [2, 9, 8, 6],
        [3, 3, 6, multiplier],
      ],
      compute: (x: tf.Tensor, filter: tf.Tensor) =>
        tf.depthwiseConv2d(image(x), image(filter), stride, pad),
    } as OperationCase,
  });
  return {
    ...convolution(1, "same", 1),
    ...convolution(2, "same", 1),
    ...convolution(1, "valid", 2),
    ...convolution(1, "same", 3),
    "fused depthwise, bias and relu": {
      shapes: [[2, 7, 7, 3], [3, 3, 3, 2], [6]],
      compute: (x, filter, bias) =>
        tf.fused.depthwiseConv2d({
          x: image(x),
          filter: image(filter),
          strides: 1,
          pad: "same",
          bias: bias as tf.Tensor,
          activation: "relu",
        }),
    },
    separable: {
      shapes: [
        [2, 8, 8, 4],
        [3, 3, 4, 2],
        [1, 1, 8, 6],
      ],
      compute: (x, depth, point) =>
        tf.separableConv2d(image(x), image(depth), point as tf.Tensor4D, 1, "same"),
    },
  };
}

function pooling(): Record<string, OperationCase> {
  const pool = (
    size: number,
    stride: number,
    pad: "same" | "valid",
  ): Record<string, OperationCase> => ({
    [`maxPool ${size}, stride ${stride}, ${pad}`]: {
      shapes: [[3, 8, 8, 5]],
      compute: (x) => tf.maxPool(image(x), size, stride, pad),
    },
    [`maxPool ${size}, stride ${stride}, ${pad}, of values below 0`]: {
      shapes: [[2, 6, 6, 6]],
      compute: (x) => tf.maxPool(image(tf.sub(x, 3)), size, stride, pad),
    },
    [`avgPool ${size}, stride ${stride}, ${pad}`]: {
      shapes: [[3, 8, 8, 5]],
      compute: (x) => tf.avgPool(image(x), size, stride, pad),
    },
  });
  return {
    ...pool(2, 2, "valid"),
    ...pool(3, 2, "same"),
    ...pool(3, 1, "valid"),
    "maxPool of equal values": {
      shapes: [[2, 6, 6, 5]],
      compute: (x) => tf.maxPool(image(tf.floor(tf.mul(x, 2))), 2, 2, "valid"),
    },
  };
}

function image(x: tf.Tensor | undefined): tf.Tensor4D {
  return x as tf.Tensor4D;
}
