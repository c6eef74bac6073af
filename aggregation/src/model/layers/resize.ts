import { z } from "zod";
import { wholeNumber } from "../../plan/fields.ts";
import { PlanError } from "../../plan/plan-error.ts";
import { channelKeys, layerConfig, sizeSchema } from "./config-schema.ts";
import { imageOf } from "./input-shape.ts";
import { type LayerConfig, type LayerKind, noTensors } from "./layer-kind.ts";
import { MAX_PARAMETERS, valuesIn } from "./value-count.ts";

/** Rows above and below, columns left and right of an image. */
type Margins = readonly [readonly [number, number], readonly [number, number]];

const marginSchema = z.tuple([wholeNumber(0, MAX_PARAMETERS), wholeNumber(0, MAX_PARAMETERS)], {
  error: "two numbers",
});
const marginsSchema = z.tuple([marginSchema, marginSchema], {
  error: "[[above, below], [left, right]]",
});

/** Zeros around an image. */
export interface ZeroPadding2DConfig extends LayerConfig {
  readonly padding: Margins;
}

export const ZERO_PADDING2D: LayerKind<ZeroPadding2DConfig> = {
  config: layerConfig({ padding: marginsSchema }, channelKeys),
  takes: "one",
  output: ({ padding }, inputs, path) => {
    const [height, width, channels] = imageOf(inputs, path);
    const [[above, below], [left, right]] = padding;
    const output = [height + above + below, width + left + right, channels];
    valuesIn(output, `${path}.config.padding`);
    return output;
  },
  tensors: noTensors,
};

/** An image without its margins. */
export interface Cropping2DConfig extends LayerConfig {
  readonly cropping: Margins;
}

export const CROPPING2D: LayerKind<Cropping2DConfig> = {
  config: layerConfig({ cropping: marginsSchema }, channelKeys),
  takes: "one",
  output: ({ cropping }, inputs, path) => {
    const [height, width, channels] = imageOf(inputs, path);
    const [[above, below], [left, right]] = cropping;
    const sizes = [height - above - below, width - left - right];
    if (sizes.every((size) => size > 0)) return [...sizes, channels];
    throw new PlanError(
      "bad-plan",
      `${path}.config.cropping`,
      `got ${sizes.join(" x ")} pixels left, wanted one or more`,
    );
  },
  tensors: noTensors,
};

/** The same features as each of `n` rows: input `[features]`, output `[n, features]`. */
export interface RepeatVectorConfig extends LayerConfig {
  readonly n: number;
}

export const REPEAT_VECTOR: LayerKind<RepeatVectorConfig> = {
  config: layerConfig({ n: sizeSchema }),
  takes: "one",
  output: ({ n }, [input = []], path) => {
    if (input.length !== 1)
      throw new PlanError("bad-plan", path, `got ${input.length} dimensions, wanted one`);
    valuesIn([n, ...input], `${path}.config.n`);
    return [n, ...input];
  },
  tensors: noTensors,
};
