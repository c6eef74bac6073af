import { number, numberFrom } from "../../plan/fields.ts";
import { PlanError } from "../../plan/plan-error.ts";
import type { Activation } from "./activation-names.ts";
import { activationSchema, layerConfig, only } from "./config-schema.ts";
import { type LayerConfig, type LayerKind, noTensors } from "./layer-kind.ts";

export interface ActivationConfig extends LayerConfig {
  readonly activation: Activation;
}

export const ACTIVATION: LayerKind<ActivationConfig> = {
  config: layerConfig({ activation: activationSchema }),
  takes: "one",
  output: (_, [input = []]) => input,
  tensors: noTensors,
};

/** The positive part. */
export const RELU: LayerKind<LayerConfig> = {
  config: layerConfig({}, { max_value: only([null], "the positive part has no upper end") }),
  takes: "one",
  output: (_, [input = []]) => input,
  tensors: noTensors,
};

/** x, or alpha x below 0. */
export interface LeakyReluConfig extends LayerConfig {
  /** Left out, it is 0.3, as in tfjs-layers. */
  readonly alpha?: number;
}

export const LEAKY_RELU: LayerKind<LeakyReluConfig> = {
  config: layerConfig({ alpha: numberFrom(0, 100).exactOptional() }),
  takes: "one",
  output: (_, [input = []]) => input,
  tensors: noTensors,
};

/** x, or exp(x) - 1 below 0. */
export const ELU: LayerKind<LayerConfig> = {
  config: layerConfig({}, { alpha: only([1], "TensorFlow.js has no others") }),
  takes: "one",
  output: (_, [input = []]) => input,
  tensors: noTensors,
};

/** Shares of 1 along the last dimension. */
export interface SoftmaxConfig extends LayerConfig {
  /** The last dimension, by its number with the batch as 0, or -1. Left out, it is 1, as in tfjs-layers. */
  readonly axis?: number;
}

export const SOFTMAX: LayerKind<SoftmaxConfig> = {
  config: layerConfig({
    axis: number("a dimension's number", Number.isSafeInteger).exactOptional(),
  }),
  takes: "one",
  output: ({ axis = 1 }, [input = []], path) => {
    if (axis === -1 || axis === input.length) return input;
    throw new PlanError(
      "bad-plan",
      `${path}.config.axis`,
      `got ${axis}, wanted the last dimension: -1 or ${input.length}`,
    );
  },
  tensors: noTensors,
};

/** scale x + offset. */
export interface RescalingConfig extends LayerConfig {
  readonly scale: number;
  /** Left out, it is 0. */
  readonly offset?: number;
}

export const RESCALING: LayerKind<RescalingConfig> = {
  config: layerConfig({
    scale: numberFrom(-1e9, 1e9),
    offset: numberFrom(-1e9, 1e9).exactOptional(),
  }),
  takes: "one",
  output: (_, [input = []]) => input,
  tensors: noTensors,
};
