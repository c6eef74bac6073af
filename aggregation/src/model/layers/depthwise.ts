import { channelKeys, dilationKeys, layerConfig, sizeSchema, tensorKeys } from "./config-schema.ts";
import { imageWindows, type WindowConfig, windowFields } from "./convolution.ts";
import { withBias } from "./dense.ts";
import { glorot } from "./initial-values.ts";
import { imageOf } from "./input-shape.ts";
import type { LayerKind, Shape, TensorSpec } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";

/** Kernels for each channel alone: input `[height, width, in]`, output `[.., .., in x depth_multiplier]`. */
export interface DepthwiseConv2DConfig extends WindowConfig {
  /** Kernels for each channel; left out, it is 1. */
  readonly depth_multiplier?: number;
}

/** {@link DepthwiseConv2DConfig} followed by sums over the channels: output `[.., .., filters]`. */
export interface SeparableConv2DConfig extends DepthwiseConv2DConfig {
  readonly filters: number;
}

const depthwiseFields = { ...windowFields, depth_multiplier: sizeSchema.exactOptional() };

export const DEPTHWISE_CONV2D: LayerKind<DepthwiseConv2DConfig> = {
  config: layerConfig(depthwiseFields, {
    ...tensorKeys("kernel", "depthwise", "bias"),
    ...channelKeys,
    ...dilationKeys,
  }),
  takes: "one",
  output: depthwiseOutput,
  tensors: (config, inputs) => {
    const { kernel, channels } = depthwiseKernel(config, inputs);
    return withBias(kernel, channels, config.use_bias);
  },
};

export const SEPARABLE_CONV2D: LayerKind<SeparableConv2DConfig> = {
  config: layerConfig(
    { ...depthwiseFields, filters: sizeSchema },
    {
      ...tensorKeys("kernel", "depthwise", "pointwise", "bias"),
      ...channelKeys,
      ...dilationKeys,
    },
  ),
  takes: "one",
  output: (config, inputs, path) => {
    const [height = 1, width = 1, channels = 1] = depthwiseOutput(config, inputs, path);
    const keyPath = `${path}.config.filters`;
    valuesIn([channels, config.filters], keyPath);
    const output = [height, width, config.filters];
    valuesIn(output, keyPath);
    return output;
  },
  tensors: (config, inputs) => {
    const { filters, use_bias } = config;
    const { kernel, channels } = depthwiseKernel(config, inputs);
    const pointwise = {
      name: "pointwise_kernel",
      shape: [1, 1, channels, filters],
      initial: glorot(channels, filters),
    };
    return [kernel, ...withBias(pointwise, filters, use_bias)];
  },
};

function depthwiseOutput(
  config: DepthwiseConv2DConfig,
  inputs: readonly Shape[],
  path: string,
): Shape {
  const [height, width, channels] = imageOf(inputs, path);
  const { kernel_size, depth_multiplier = 1 } = config;
  valuesIn([...kernel_size, channels, depth_multiplier], `${path}.config`);
  const output = [...imageWindows(config, height, width, path), channels * depth_multiplier];
  valuesIn(output, `${path}.config`);
  return output;
}

/** The kernel of each channel, whose values see nothing of the other channels, and the number of channels after it. */
function depthwiseKernel(
  { kernel_size: [height, width], depth_multiplier = 1 }: DepthwiseConv2DConfig,
  [input = []]: readonly Shape[],
): { readonly kernel: TensorSpec; readonly channels: number } {
  const channels = input[2] ?? 1;
  const area = height * width;
  const kernel = {
    name: "depthwise_kernel",
    shape: [height, width, channels, depth_multiplier],
    initial: glorot(area, area * depth_multiplier),
  };
  return { kernel, channels: channels * depth_multiplier };
}
