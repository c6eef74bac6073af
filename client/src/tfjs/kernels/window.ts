import { backend_util } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";

/** Sizes of a convolution or of pooling, as TensorFlow.js computes them. */
export type Window = backend_util.Conv2DInfo;

/** The integers of assembly/window.ts, in its order. */
export function windowValues(window: Window): number[] {
  return [
    ...[window.batchSize, window.inHeight, window.inWidth, window.inChannels],
    ...[window.filterHeight, window.filterWidth],
    ...[window.outHeight, window.outWidth, window.outChannels],
    ...[window.strideHeight, window.strideWidth],
    ...[window.dilationHeight, window.dilationWidth],
    ...[window.padInfo.top, window.padInfo.left],
  ];
}

type Shape4 = [number, number, number, number];

/** What the attributes of convolutions have in common. */
export interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  readonly dataFormat?: "NHWC" | "NCHW";
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/**
 * The window of a convolution from `inputShape` by `filterShape`. Throws {@link ClientError} `unsupported-layer` where the
 * channels do not come last, and without any result.
 */
export function convolutionWindow(
  kernelName: string,
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: ConvolutionAttributes,
  isDepthwise: boolean,
): Window {
  const { strides, dilations, pad, dimRoundingMode, dataFormat } = attributes;
  if (dataFormat === "NCHW") {
    throw new ClientError(
      "unsupported-layer",
      `${kernelName} with channels first is not supported, wanted channels last`,
    );
  }
  const window = backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    isDepthwise,
  );
  return requireResult(kernelName, window);
}

/** What the attributes of pooling have in common. */
export interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof backend_util.computePool2DInfo>[4];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** The window of pooling over images of `inputShape`. Throws {@link ClientError} `unsupported-layer` without any result. */
export function poolWindow(
  kernelName: string,
  inputShape: readonly number[],
  attributes: PoolAttributes,
): Window {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const window = backend_util.computePool2DInfo(
    inputShape as Shape4,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  return requireResult(kernelName, window);
}

/** The kernels expect one pixel at least. */
function requireResult(kernelName: string, window: Window): Window {
  if ([...window.inShape, ...window.outShape].every((length) => length > 0)) return window;
  throw new ClientError(
    "unsupported-layer",
    `${kernelName} leads from [${window.inShape}] to [${window.outShape}], wanted sizes above 0`,
  );
}

/**
 * Throws {@link ClientError} `unsupported-layer` unless a gradient has the shape of the result that it is the gradient
 * for. TensorFlow.js forgets some attributes, as the rounding of sizes, on the way back.
 */
export function requireOutShape(
  kernelName: string,
  gradientShape: readonly number[],
  { outShape }: Window,
): void {
  if (gradientShape.length === 4 && gradientShape.every((size, axis) => size === outShape[axis])) {
    return;
  }
  throw new ClientError(
    "unsupported-layer",
    `${kernelName} has a gradient of shape [${gradientShape}], wanted [${outShape}]`,
  );
}
