import { PlanError } from "../plan/plan-error.ts";
import type { DenseLayer, Layer, ModelTopology } from "./topology.ts";

/** Largest number of parameters of a model, and of values that one example has anywhere in it: 200 MB as float32. */
export const MAX_PARAMETERS = 50_000_000;

/** A layer with its name and the shapes of one example before and after it. */
export interface LayerShape {
  readonly layer: Layer;
  readonly name: string;
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/**
 * Follows an example's shape through the layers. Throws {@link PlanError} `bad-plan` for layers that do not fit together
 * and `too-large` as soon as a product passes {@link MAX_PARAMETERS}, so that no product leaves the safe integers.
 */
export function layerShapes(model: ModelTopology): readonly LayerShape[] {
  const shapes: LayerShape[] = [];
  let input = inputShape(model);
  for (const [index, layer] of model.config.layers.entries()) {
    const path = `model.config.layers.${index}`;
    const name = layer.config.name ?? `${layer.class_name.toLowerCase()}_${index + 1}`;
    if (shapes.some((shape) => shape.name === name))
      throw new PlanError(
        "bad-plan",
        `${path}.config.name`,
        `got "${name}" again, wanted a name of its own`,
      );
    if (index > 0 && layer.config.batch_input_shape !== undefined)
      throw new PlanError(
        "bad-plan",
        `${path}.config.batch_input_shape`,
        "got a shape, wanted it on the first layer only",
      );
    const output = outputShape(layer, input, path);
    shapes.push({ layer, name, input, output });
    input = output;
  }
  return shapes;
}

/** Shape of one example, without the batch. Throws {@link PlanError} `bad-plan` when the first layer does not give it. */
export function inputShape(model: ModelTopology): readonly number[] {
  const [, ...shape] = model.config.layers[0]?.config.batch_input_shape ?? [null];
  const path = "model.config.layers.0.config.batch_input_shape";
  if (shape.length === 0)
    throw new PlanError(
      "bad-plan",
      path,
      "got nothing, wanted [null, size, ...] on the first layer",
    );
  valuesIn(shape, path);
  return shape;
}

/** Product of a shape's sizes. Throws {@link PlanError} `too-large`, naming `path`, beyond {@link MAX_PARAMETERS}. */
export function valuesIn(shape: readonly number[], path: string): number {
  let values = 1;
  for (const size of shape) {
    // Both factors are at most 5e7: their product is below 2^53.
    values *= size;
    if (values > MAX_PARAMETERS)
      throw new PlanError(
        "too-large",
        path,
        `got [${shape.join(", ")}], wanted at most ${MAX_PARAMETERS} values`,
      );
  }
  return values;
}

function outputShape(layer: Layer, input: readonly number[], path: string): readonly number[] {
  switch (layer.class_name) {
    case "Dense":
      return denseOutput(layer, input, path);
    case "Flatten":
      return [valuesIn(input, path)];
    case "Activation":
      if (layer.config.activation === "softmax") requireFlat(input, path);
      return input;
    case "Dropout":
      return input;
  }
}

function denseOutput(layer: DenseLayer, input: readonly number[], path: string): readonly number[] {
  requireFlat(input, path);
  valuesIn([...input, layer.config.units], `${path}.config.units`);
  return [layer.config.units];
}

function requireFlat(input: readonly number[], path: string): void {
  if (input.length !== 1)
    throw new PlanError(
      "bad-plan",
      path,
      `got an input of shape [${input.join(", ")}], wanted a Flatten layer before it`,
    );
}
