import { exampleShape, layoutOf, type ModelLayout, type Plan } from "@chorus/aggregation";
import { Lowering } from "./lowering.ts";
import type { Operation } from "./operations.ts";

/** A model as the few operations that are computed without TensorFlow.js. Numbers of values are for one example. */
export interface LoweredModel {
  readonly layout: ModelLayout;
  readonly inputs: number;
  readonly operations: readonly Operation[];
  /** Values of the last operation: the logits. */
  readonly outputs: number;
}

/** Why a model is none of {@link LoweredModel}: the layer, by its class and position, and what of it. */
export interface Unsupported {
  readonly unsupported: string;
}

/**
 * Translates a plan's model up to the last layer's activation, which belongs to the loss. Throws {@link PlanError} where
 * {@link layoutOf} refuses it.
 */
export function lowerModel(plan: Plan): LoweredModel | Unsupported {
  const layout = layoutOf(plan.model);
  if (plan.model.class_name !== "Sequential") {
    return { unsupported: `a ${plan.model.class_name} model is not a sequence of layers` };
  }
  const lowering = new Lowering(layout, exampleShape(plan));
  const inputs = lowering.width;
  const { layers } = plan.model.config;
  for (const [index, layer] of layers.entries()) {
    const problem = lowering.add(layer, index, index === layers.length - 1);
    if (problem === undefined) continue;
    return { unsupported: `layer ${index + 1} (${layer.class_name}) has ${problem}` };
  }
  return { layout, inputs, operations: lowering.operations, outputs: lowering.width };
}
