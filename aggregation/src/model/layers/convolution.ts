import type { z } from "zod";
import type { Activation } from "./activation-names.ts";
import {
  activationSchema,
  channelKeys,
  dilationKeys,
  flagSchema,
  layerConfig,
  paddingSchema,
  sizeSchema,
  sizesSchema,
  tensorKeys,
} from "./config-schema.ts";
import { withBias } from "./dense.ts";
import { glorot } from "./initial-values.ts";
import { imageOf, rowsOf } from "./input-shape.ts";
import type { LayerConfig, LayerKind, Shape, TensorSpec } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";
import { windowCount } from "./windows.ts";

/** What layers with windows over images have in common. Left out, strides are [1, 1] and padding is "valid". */
export interface WindowConfig extends LayerConfig {
  /** Height and width. */
  readonly kernel_size: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly padding?: "valid" | "same";
  /** Left out, it is "linear". */
  readonly activation?: Activation;
  /** Left out, it is true. */
  readonly use_bias?: boolean;
}

/** activation(sum over windows x kernel + bias): input `[height, width, in]`, output `[.., .., filters]`. */
export interface Conv2DConfig extends WindowConfig {
  readonly filters: number;
}

/** The same over rows: input `[steps, in]`, output `[.., filters]`. */
export interface Conv1DConfig extends Omit<WindowConfig, "kernel_size" | "strides"> {
  readonly filters: number;
  readonly kernel_size: readonly [number];
  readonly strides?: readonly [number];
}

/** The schema of {@link WindowConfig}'s keys. */
interface WindowFields extends z.ZodRawShape {
  readonly kernel_size: z.ZodType<[number, number]>;
  readonly strides: z.ZodExactOptional<z.ZodType<[number, number]>>;
  readonly padding: z.ZodExactOptional<z.ZodType<"valid" | "same">>;
  readonly activation: z.ZodExactOptional<z.ZodType<Activation>>;
  readonly use_bias: z.ZodExactOptional<z.ZodType<boolean>>;
}

export const windowFields: WindowFields = {
  kernel_size: sizesSchema(2),
  strides: sizesSchema(2).exactOptional(),
  padding: paddingSchema.exactOptional(),
  activation: activationSchema.exactOptional(),
  use_bias: flagSchema.exactOptional(),
};

export const CONV2D: LayerKind<Conv2DConfig> = {
  config: layerConfig(
    { ...windowFields, filters: sizeSchema },
    { ...tensorKeys("kernel", "bias"), ...channelKeys, ...dilationKeys },
  ),
  takes: "one",
  output: (config, inputs, path) => {
    const [height, width, channels] = imageOf(inputs, path);
    const { filters, kernel_size } = config;
    valuesIn([...kernel_size, channels, filters], `${path}.config`);
    const output = [...imageWindows(config, height, width, path), filters];
    valuesIn(output, `${path}.config`);
    return output;
  },
  tensors: (config, inputs) =>
    imageTensors(config, inputs, (channels, filters) => [channels, filters]),
};

export const CONV1D: LayerKind<Conv1DConfig> = {
  config: layerConfig(
    {
      ...windowFields,
      filters: sizeSchema,
      kernel_size: sizesSchema(1),
      strides: sizesSchema(1).exactOptional(),
    },
    { ...tensorKeys("kernel", "bias"), ...channelKeys, ...dilationKeys },
  ),
  takes: "one",
  output: ({ kernel_size, strides, padding = "valid", filters }, inputs, path) => {
    const [steps, channels] = rowsOf(inputs, path);
    valuesIn([...kernel_size, channels, filters], `${path}.config`);
    const [[size], [stride]] = [kernel_size, strides ?? [1]];
    const count = windowCount(steps, { size, stride, padding }, `${path}.config.kernel_size`);
    valuesIn([count, filters], `${path}.config`);
    return [count, filters];
  },
  tensors: ({ kernel_size: [size], filters, use_bias }, [input = []]) => {
    const channels = input[1] ?? 1;
    const kernel = {
      name: "kernel",
      shape: [size, channels, filters],
      initial: glorot(size * channels, size * filters),
    };
    return withBias(kernel, filters, use_bias);
  },
};

/** Kernel and bias of a convolution over images. `order`: how the kernel's last two sizes lie. */
export function imageTensors(
  { kernel_size: [height, width], filters, use_bias }: Conv2DConfig,
  [input = []]: readonly Shape[],
  order: (channels: number, filters: number) => readonly [number, number],
): readonly TensorSpec[] {
  const channels = input[2] ?? 1;
  const area = height * width;
  const kernel = {
    name: "kernel",
    shape: [height, width, ...order(channels, filters)],
    initial: glorot(area * channels, area * filters),
  };
  return withBias(kernel, filters, use_bias);
}

type Windows = Pick<WindowConfig, "kernel_size" | "strides" | "padding">;

/** Numbers of windows down and across an image. Throws {@link PlanError} as {@link windowCount} does. */
export function imageWindows(
  { kernel_size, strides = [1, 1], padding = "valid" }: Windows,
  height: number,
  width: number,
  path: string,
  key: "kernel_size" | "pool_size" = "kernel_size",
): readonly [number, number] {
  const keyPath = `${path}.config.${key}`;
  const rows = { size: kernel_size[0], stride: strides[0], padding };
  const columns = { size: kernel_size[1], stride: strides[1], padding };
  return [windowCount(height, rows, keyPath), windowCount(width, columns, keyPath)];
}
