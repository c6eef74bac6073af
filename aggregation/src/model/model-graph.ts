import { PlanError } from "../plan/plan-error.ts";
import { functionalGraph, inputLayerOf } from "./functional-graph.ts";
import { GraphBuilder, type ModelGraph } from "./graph-builder.ts";
import type { Shape } from "./layers/layer-kind.ts";
import { valuesIn } from "./layers/value-count.ts";
import type { ModelTopology, SequentialTopology } from "./topology.ts";

/**
 * Follows an example's shape through the layers. Throws {@link PlanError} `bad-plan` for layers that do not fit together
 * and `too-large` as soon as a product passes {@link MAX_PARAMETERS}, so that no product leaves the safe integers.
 */
export function modelGraph(model: ModelTopology): ModelGraph {
  const shape = inputShape(model);
  return model.class_name === "Sequential"
    ? sequentialGraph(model, shape)
    : functionalGraph(model, shape);
}

/** Where a model says its example's shape, as "model.config.layers.0.config.batch_input_shape". Throws as {@link inputShape}. */
export function inputShapePath(model: ModelTopology): string {
  return inputOf(model).path;
}

/** Shape of one example, without the batch. Throws {@link PlanError} `bad-plan` when the first layer does not give it. */
export function inputShape(model: ModelTopology): Shape {
  const { batchShape, path } = inputOf(model);
  const [, ...shape] = batchShape;
  if (shape.length === 0)
    throw new PlanError(
      "bad-plan",
      path,
      "got nothing, wanted [null, size, ...] on the first layer",
    );
  valuesIn(shape, path);
  return shape;
}

function inputOf(model: ModelTopology): ReturnType<typeof inputLayerOf> {
  if (model.class_name === "Functional") return inputLayerOf(model);
  return {
    batchShape: model.config.layers[0]?.config.batch_input_shape ?? [null],
    path: "model.config.layers.0.config.batch_input_shape",
  };
}

function sequentialGraph({ config }: SequentialTopology, shape: Shape): ModelGraph {
  const builder = new GraphBuilder(shape);
  for (const [position, layer] of config.layers.entries()) {
    const path = `model.config.layers.${position}`;
    if (position > 0 && layer.config.batch_input_shape !== undefined)
      throw new PlanError(
        "bad-plan",
        `${path}.config.batch_input_shape`,
        "got a shape, wanted it on the first layer only",
      );
    builder.add({
      layer,
      name: layer.config.name ?? `${layer.class_name.toLowerCase()}_${position + 1}`,
      namePath: layer.config.name === undefined ? path : `${path}.config.name`,
      path,
      position,
      sources: [position],
    });
  }
  return builder.graph;
}
