import type { Layer, ModelTopology } from "./topology.ts";

/**
 * A model whose layers fit together, without what they say of shapes that follow from the example's: one model, one hash,
 * whoever exported it.
 */
export function withoutSettledShapes(model: ModelTopology): ModelTopology {
  if (model.class_name === "Sequential") {
    const layers = model.config.layers.map((layer) => without(layer, "input_length"));
    return { ...model, config: { ...model.config, layers } };
  }
  const layers = model.config.layers.map((layer) =>
    layer.class_name === "InputLayer" ? layer : without(layer, "input_length", "batch_input_shape"),
  );
  return { ...model, config: { ...model.config, layers } };
}

function without<L extends Layer>(layer: L, ...keys: readonly string[]): L {
  const kept = Object.entries(layer.config).filter(([key]) => !keys.includes(key));
  return { ...layer, config: Object.fromEntries(kept) };
}
