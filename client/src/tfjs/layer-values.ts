import { type GraphLayer, type ModelTopology, modelGraph } from "@chorus/aggregation";

/** Gates of a recurrent layer, all of whose steps are kept until its last one. */
const GATES = { SimpleRNN: 1, GRU: 3, LSTM: 4 } as const;

/**
 * Values of one example in a model: its own, and those that the layers give or keep. Throws {@link PlanError} as
 * {@link modelGraph} does.
 */
export function exampleValues(model: ModelTopology): number {
  const { input, layers } = modelGraph(model);
  return layers.reduce((sum, layer) => sum + layerValues(layer), valuesIn(input));
}

/** Values of one example that a layer gives; of a recurrent layer, those of its gates in all steps. */
export function layerValues({ layer, inputs, output }: GraphLayer): number {
  switch (layer.class_name) {
    case "SimpleRNN":
    case "GRU":
    case "LSTM":
      return stepsOf(inputs) * layer.config.units * GATES[layer.class_name];
    default:
      return valuesIn(output);
  }
}

/** Steps of the rows that a layer takes. */
export function stepsOf([input = []]: GraphLayer["inputs"]): number {
  return input[0] ?? 1;
}

/** All values of a layer's tensors. */
export function weightsOf({ tensors }: GraphLayer): number {
  return tensors.reduce((sum, { shape }) => sum + valuesIn(shape), 0);
}

/** Values in a shape. */
export function valuesIn(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
