import { modelGraph } from "./model-graph.ts";
import type { ModelTopology } from "./topology.ts";

/**
 * For models that look the example's numbers up in a table: whole numbers from 0 up to but not this are in all of their
 * tables. Undefined for other models, which take any number. Throws {@link PlanError} as {@link modelGraph} does.
 */
export function vocabularyOf(model: ModelTopology): number | undefined {
  const sizes = modelGraph(model).layers.flatMap(({ layer }) =>
    layer.class_name === "Embedding" ? [layer.config.input_dim] : [],
  );
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}
