import type { Activation } from "./activation-names.ts";
import {
  activationSchema,
  flagSchema,
  layerConfig,
  sizeSchema,
  tensorKeys,
} from "./config-schema.ts";
import { glorot, ZEROS } from "./initial-values.ts";
import type { LayerConfig, LayerKind, Shape, TensorSpec } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";

/** activation(input x kernel + bias) over the last dimension: input `[..., in]`, output `[..., units]`. */
export interface DenseConfig extends LayerConfig {
  readonly units: number;
  /** Left out, it is "linear". */
  readonly activation?: Activation;
  /** Left out, it is true. */
  readonly use_bias?: boolean;
}

export const DENSE: LayerKind<DenseConfig> = {
  config: layerConfig(
    {
      units: sizeSchema,
      activation: activationSchema.exactOptional(),
      use_bias: flagSchema.exactOptional(),
    },
    tensorKeys("kernel", "bias"),
  ),
  takes: "one",
  output: ({ units }, [input = []], path) => {
    valuesIn([lastOf(input), units], `${path}.config.units`);
    const output = [...input.slice(0, -1), units];
    valuesIn(output, `${path}.config.units`);
    return output;
  },
  tensors: ({ units, use_bias }, [input = []]) =>
    withBias(
      {
        name: "kernel",
        shape: [lastOf(input), units],
        initial: glorot(lastOf(input), units),
      },
      units,
      use_bias,
    ),
};

/** A kernel, and a bias for each of its outputs unless `useBias` is false. */
export function withBias(
  kernel: TensorSpec,
  outputs: number,
  useBias: boolean | undefined,
): readonly TensorSpec[] {
  if (useBias === false) return [kernel];
  return [kernel, { name: "bias", shape: [outputs], initial: ZEROS }];
}

/** Features of a shape, which is never empty. */
function lastOf(shape: Shape): number {
  return shape.at(-1) ?? 1;
}
