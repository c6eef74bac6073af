import { channelKeys, dilationKeys, layerConfig, sizeSchema, tensorKeys } from "./config-schema.ts";
import { type Conv2DConfig, imageTensors, windowFields } from "./convolution.ts";
import { imageOf } from "./input-shape.ts";
import type { LayerKind } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";
import { requireBounded } from "./windows.ts";

/** The way back of a Conv2D: input `[height, width, in]`, output larger by the strides. */
export const CONV2D_TRANSPOSE: LayerKind<Conv2DConfig> = {
  config: layerConfig(
    { ...windowFields, filters: sizeSchema },
    { ...tensorKeys("kernel", "bias"), ...channelKeys, ...dilationKeys },
  ),
  takes: "one",
  output: ({ kernel_size, strides = [1, 1], padding = "valid", filters }, inputs, path) => {
    const [height, width, channels] = imageOf(inputs, path);
    valuesIn([...kernel_size, channels, filters], `${path}.config`);
    // Below 5e7 x 5e7 each, so safe integers before they are multiplied.
    const lengths = [height, width].map((length, axis) => {
      const [size = 1, stride = 1] = [kernel_size[axis], strides[axis]];
      if (padding === "same") requireBounded(size, length * stride, `${path}.config.kernel_size`);
      return length * stride + (padding === "valid" ? Math.max(size - stride, 0) : 0);
    });
    valuesIn([...lengths, filters], `${path}.config`);
    return [...lengths, filters];
  },
  tensors: (config, inputs) =>
    imageTensors(config, inputs, (channels, filters) => [filters, channels]),
};
