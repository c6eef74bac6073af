import { z } from "zod";
import { numberFrom } from "../../plan/fields.ts";
import { PlanError } from "../../plan/plan-error.ts";
import { layerConfig, only, tensorKeys } from "./config-schema.ts";
import { ONES, ZEROS } from "./initial-values.ts";
import { wrongShape } from "./input-shape.ts";
import type { LayerConfig, LayerKind } from "./layer-kind.ts";

/** Each row of features less its mean, by its standard deviation: gamma x .. + beta. Needs no statistics of a site. */
export interface LayerNormalizationConfig extends LayerConfig {
  /** The last dimension, by its number with the batch as 0, or -1. Left out, it is -1. */
  readonly axis?: number | readonly [number];
  /** Added to the variance; left out, it is 0.001. */
  readonly epsilon?: number;
}

const NEEDED = "TensorFlow.js has no gradient without it";
const wantedAxis = { error: "the last dimension's number, or -1" };
const axisSchema = z.number(wantedAxis);

export const LAYER_NORMALIZATION: LayerKind<LayerNormalizationConfig> = {
  config: layerConfig(
    {
      axis: z.union([axisSchema, z.tuple([axisSchema])], wantedAxis).exactOptional(),
      epsilon: numberFrom(1e-9, 1).exactOptional(),
    },
    { ...tensorKeys("beta", "gamma"), center: only([true], NEEDED), scale: only([true], NEEDED) },
  ),
  takes: "one",
  output: ({ axis = -1 }, [input = []], path) => {
    if (input.length > 3)
      throw wrongShape(path, input, "three dimensions at most: TensorFlow.js normalises no more");
    if (input.at(-1) === 1)
      throw wrongShape(path, input, "two features or more: one less its mean is always 0");
    const [number] = typeof axis === "number" ? [axis] : axis;
    if (number === -1 || number === input.length) return input;
    throw new PlanError(
      "bad-plan",
      `${path}.config.axis`,
      `got ${number}, wanted the last dimension: -1 or ${input.length}`,
    );
  },
  tensors: (_, [input = []]) => {
    const shape = input.slice(-1);
    return [
      { name: "gamma", shape, initial: ONES },
      { name: "beta", shape, initial: ZEROS },
    ];
  },
};
