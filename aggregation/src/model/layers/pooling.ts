import { PlanError } from "../../plan/plan-error.ts";
import { channelKeys, layerConfig, paddingSchema, sizesSchema } from "./config-schema.ts";
import { imageWindows } from "./convolution.ts";
import { imageOf, rowsOf } from "./input-shape.ts";
import { type LayerConfig, type LayerKind, noTensors } from "./layer-kind.ts";
import { paddingOf, type WindowWalk, windowCount } from "./windows.ts";

/** One value of each window, by channel: input `[height, width, channels]`, output `[.., .., channels]`. */
export interface Pooling2DConfig extends LayerConfig {
  /** Height and width of a window. */
  readonly pool_size: readonly [number, number];
  /** Left out, they are the pool_size. */
  readonly strides?: readonly [number, number];
  /** Left out, it is "valid". */
  readonly padding?: "valid" | "same";
}

/** The same over rows: input `[steps, channels]`, output `[.., channels]`. */
export interface Pooling1DConfig extends LayerConfig {
  readonly pool_size: readonly [number];
  /** Left out, they are the pool_size. */
  readonly strides?: readonly [number];
  /** Left out, it is "valid". */
  readonly padding?: "valid" | "same";
}

/** MaxPooling2D: the largest value. */
export const MAX_POOLING2D: LayerKind<Pooling2DConfig> = {
  config: layerConfig(
    {
      pool_size: sizesSchema(2),
      strides: sizesSchema(2).exactOptional(),
      padding: paddingSchema.exactOptional(),
    },
    channelKeys,
  ),
  takes: "one",
  output: ({ pool_size, strides = pool_size, padding = "valid" }, inputs, path) => {
    const [height, width, channels] = imageOf(inputs, path);
    const windows = { kernel_size: pool_size, strides, padding };
    return [...imageWindows(windows, height, width, path, "pool_size"), channels];
  },
  tensors: noTensors,
};

/** AveragePooling2D: the mean. */
export const AVERAGE_POOLING2D: LayerKind<Pooling2DConfig> = {
  ...MAX_POOLING2D,
  output: (config, inputs, path) => {
    const { pool_size, strides = pool_size, padding = "valid" } = config;
    const [height, width] = imageOf(inputs, path);
    requireInside(height, { size: pool_size[0], stride: strides[0], padding }, path);
    requireInside(width, { size: pool_size[1], stride: strides[1], padding }, path);
    return MAX_POOLING2D.output(config, inputs, path);
  },
};

/** MaxPooling1D. */
export const MAX_POOLING1D: LayerKind<Pooling1DConfig> = {
  config: layerConfig(
    {
      pool_size: sizesSchema(1),
      strides: sizesSchema(1).exactOptional(),
      padding: paddingSchema.exactOptional(),
    },
    channelKeys,
  ),
  takes: "one",
  output: ({ pool_size, strides = pool_size, padding = "valid" }, inputs, path) => {
    const [steps, channels] = rowsOf(inputs, path);
    const walk = { size: pool_size[0], stride: strides[0], padding };
    return [windowCount(steps, walk, `${path}.config.pool_size`), channels];
  },
  tensors: noTensors,
};

/** AveragePooling1D. */
export const AVERAGE_POOLING1D: LayerKind<Pooling1DConfig> = {
  ...MAX_POOLING1D,
  output: (config, inputs, path) => {
    const { pool_size, strides = pool_size, padding = "valid" } = config;
    requireInside(
      rowsOf(inputs, path)[0],
      { size: pool_size[0], stride: strides[0], padding },
      path,
    );
    return MAX_POOLING1D.output(config, inputs, path);
  },
};

/** GlobalAveragePooling2D and GlobalMaxPooling2D: input `[height, width, channels]`, output `[channels]`. */
export const GLOBAL_POOLING2D: LayerKind<LayerConfig> = {
  config: layerConfig({}, channelKeys),
  takes: "one",
  output: (_, inputs, path) => [imageOf(inputs, path)[2]],
  tensors: noTensors,
};

/** GlobalAveragePooling1D and GlobalMaxPooling1D: input `[steps, channels]`, output `[channels]`. */
export const GLOBAL_POOLING1D: LayerKind<LayerConfig> = {
  config: layerConfig({}, channelKeys),
  takes: "one",
  output: (_, inputs, path) => [rowsOf(inputs, path)[1]],
  tensors: noTensors,
};

/** Throws {@link PlanError} `bad-plan` for a mean over padding: its forward pass leaves the padding out, its gradient does not (tfjs 4.22). */
function requireInside(length: number, walk: WindowWalk, path: string): void {
  const padding = paddingOf(length, walk);
  if (padding === 0) return;
  throw new PlanError(
    "bad-plan",
    `${path}.config.padding`,
    `got "same" with windows of ${walk.size} every ${walk.stride} over ${length} values, which lie on ${padding} beyond the border, ` +
      'where TensorFlow.js computes a wrong gradient of means; wanted "valid", or windows that fit',
  );
}
