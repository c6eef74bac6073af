import { listOf, wholeNumber } from "../../plan/fields.ts";
import { PlanError } from "../../plan/plan-error.ts";
import { channelKeys, layerConfig, sizeSchema } from "./config-schema.ts";
import { wrongShape } from "./input-shape.ts";
import { type LayerConfig, type LayerKind, noTensors } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";

/** The same numbers in one dimension. */
export const FLATTEN: LayerKind<LayerConfig> = {
  config: layerConfig({}, channelKeys),
  takes: "one",
  output: (_, [input = []], path) => {
    if (input.length > 1) return [valuesIn(input, path)];
    throw wrongShape(path, input, "two dimensions or more: leave Flatten out");
  },
  tensors: noTensors,
};

/** The same numbers, in the same order, in other dimensions. */
export interface ReshapeConfig extends LayerConfig {
  readonly target_shape: readonly number[];
}

export const RESHAPE: LayerKind<ReshapeConfig> = {
  config: layerConfig({ target_shape: listOf(sizeSchema, 1, 4) }),
  takes: "one",
  output: ({ target_shape }, [input = []], path) => {
    const keyPath = `${path}.config.target_shape`;
    const [got, wanted] = [valuesIn(target_shape, keyPath), valuesIn(input, path)];
    if (got === wanted) return target_shape;
    throw new PlanError("bad-plan", keyPath, `got ${got} values, wanted the input's ${wanted}`);
  },
  tensors: noTensors,
};

/** Its input with the dimensions in another order. */
export interface PermuteConfig extends LayerConfig {
  /** The input's dimensions, from 1, in the order of the output: [2, 1] transposes rows. */
  readonly dims: readonly number[];
}

export const PERMUTE: LayerKind<PermuteConfig> = {
  config: layerConfig({ dims: listOf(wholeNumber(1, 4), 1, 4) }),
  takes: "one",
  output: ({ dims }, [input = []], path) => {
    const output = dims.flatMap((dim) => input[dim - 1] ?? []);
    const isOrder = new Set(dims).size === dims.length && dims.length === input.length;
    if (isOrder && output.length === input.length) return output;
    throw new PlanError(
      "bad-plan",
      `${path}.config.dims`,
      `got [${dims.join(", ")}], wanted every number from 1 to ${input.length} once`,
    );
  },
  tensors: noTensors,
};
