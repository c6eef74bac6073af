import { z } from "zod";
import { number, wholeNumber } from "../../plan/fields.ts";
import { PlanError } from "../../plan/plan-error.ts";
import { layerConfig, only } from "./config-schema.ts";
import { rowsOf, wrongShape } from "./input-shape.ts";
import { type LayerConfig, type LayerKind, noTensors, type Shape } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";

/** Add, Multiply, Average, Maximum and Minimum: value by value, of inputs of one shape. */
export const ELEMENTWISE: LayerKind<LayerConfig> = {
  config: layerConfig({}),
  takes: "several",
  output: (_, inputs, path) => {
    const [first = []] = inputs;
    for (const shape of inputs)
      if (shape.join() !== first.join())
        throw wrongShape(path, shape, `[${first.join(", ")}], as the first one has`);
    return first;
  },
  tensors: noTensors,
};

/** Its inputs side by side along one dimension; the others are equal. */
export interface ConcatenateConfig extends LayerConfig {
  /** The dimension's number with the batch as 0, or from the end, below 0. Left out, it is -1. */
  readonly axis?: number;
}

export const CONCATENATE: LayerKind<ConcatenateConfig> = {
  config: layerConfig({ axis: wholeNumber(-4, 4).exactOptional() }),
  takes: "several",
  output: ({ axis = -1 }, inputs, path) => {
    const [first = []] = inputs;
    const dimension = axis < 0 ? first.length + axis : axis - 1;
    if (dimension < 0 || dimension >= first.length)
      throw new PlanError(
        "bad-plan",
        `${path}.config.axis`,
        `got ${axis}, wanted a dimension of [${first.join(", ")}], from 1, or from the end, from -1`,
      );
    for (const shape of inputs)
      if (without(shape, dimension) !== without(first, dimension))
        throw wrongShape(path, shape, `[${first.join(", ")}] but for dimension ${dimension + 1}`);
    // 50 inputs of at most 5e7.
    const length = inputs.reduce((sum, shape) => sum + (shape[dimension] ?? 0), 0);
    const output = first.map((size, index) => (index === dimension ? length : size));
    valuesIn(output, path);
    return output;
  },
  tensors: noTensors,
};

/** Sums of products along one dimension of each of two matrices `[.., ..]`: what is left of each. */
export interface DotConfig extends LayerConfig {
  /** For each, 1 for the first dimension or 2 for the second: [2, 2] is x y^T, [2, 1] is x y. One for both may be -2 or -1. */
  readonly axes: number | readonly [number, number];
}

const axisSchema = wholeNumber(1, 2);
const axesError = { error: "two dimensions, each 1 or 2; or one for both, which may be -2 or -1" };
const bothSchema = number(axesError.error, (axis) => [1, 2, -1, -2].includes(axis));

export const DOT: LayerKind<DotConfig> = {
  config: layerConfig(
    { axes: z.union([bothSchema, z.tuple([axisSchema, axisSchema])], axesError) },
    { normalize: only([false], "use a LayerNormalization or Rescaling layer") },
  ),
  takes: "two",
  output: ({ axes }, inputs, path) => {
    const [first, second] = inputs.map((shape, index) => {
      const [steps, features] = rowsOf([shape], path);
      const axis = typeof axes === "number" ? axes : axes[index];
      return axis === 1 || axis === -2
        ? { summed: steps, kept: features }
        : { summed: features, kept: steps };
    });
    if (first === undefined || first.summed !== second?.summed)
      throw new PlanError(
        "bad-plan",
        `${path}.config.axes`,
        `got sums over ${first?.summed} and ${second?.summed} values, wanted as many`,
      );
    const output = [first.kept, second.kept];
    valuesIn(output, path);
    return output;
  },
  tensors: noTensors,
};

/** A shape without one of its dimensions, as a text to compare. */
function without(shape: Shape, dimension: number): string {
  return shape.filter((_, index) => index !== dimension).join();
}
