import type { GraphLayer, ModelGraph } from "@chorus/aggregation";
import {
  dropout,
  maxPool,
  reshape,
  type Tensor,
  type Tensor4D,
  Variable,
} from "@tensorflow/tfjs-core";
import { type LayersModel, models } from "@tensorflow/tfjs-layers";
import { ClientError } from "../error.ts";

type Layer = LayersModel["layers"][number];

/** A layer of a model with the layer of TensorFlow.js that computes it. */
interface BuiltLayer extends GraphLayer {
  readonly built: Layer;
}

/**
 * Builds the layers of a model on the selected backend, up to the last one's activation, with all weights 0. Throws
 * {@link ClientError} `unsupported-layer` where TensorFlow.js does not, `wrong-model` where a layer gives it another shape.
 */
export async function buildLayers(graph: ModelGraph): Promise<LayerGraph> {
  const topology: object = trainingTopology(graph);
  const model = await models.modelFromJSON(topology as LayersJson).catch((cause: unknown) => {
    throw new ClientError("unsupported-layer", "TensorFlow.js does not build the plan's model", {
      cause,
    });
  });
  requireShapes(graph, model);
  return new LayerGraph(graph, model);
}

/** A model's layers with their weights. Owns their tensors: dispose it. */
export class LayerGraph implements Disposable {
  /** The weights in the layout's order: layer by layer as in the plan, whatever TensorFlow.js calls them. */
  readonly variables: readonly Variable[];
  readonly #model: LayersModel;
  readonly #layers: readonly BuiltLayer[];

  constructor(graph: ModelGraph, model: LayersModel) {
    this.#model = model;
    this.#layers = graph.layers.map((layer, index) => ({
      ...layer,
      built: model.getLayer(nameOf(index + 1)),
    }));
    const weights = this.#layers.flatMap(({ built }) => built.getWeights());
    this.variables = weights.filter((weight) => weight instanceof Variable);
  }

  /**
   * The last layer's output before its activation, shape `[examples, ...]`. `example`: shape `[examples, ...]`.
   * `dropoutSeed` decides what dropout layers leave out; without one, nothing. To be called inside tidy.
   */
  apply(example: Tensor, dropoutSeed: string | undefined): Tensor {
    const values = [example];
    let last = example;
    for (const layer of this.#layers) {
      const inputs = layer.sources.map((source) => tensorAt(values, source));
      last = applyLayer(layer, inputs, dropoutSeed);
      values.push(last);
    }
    return last;
  }

  [Symbol.dispose](): void {
    this.#model.dispose();
  }
}

function requireShapes(graph: ModelGraph, model: LayersModel): void {
  for (const [index, { name, output }] of graph.layers.entries()) {
    const { outputShape } = model.getLayer(nameOf(index + 1));
    const [got, wanted] = [outputShape, [null, ...output]].map((shape) => JSON.stringify(shape));
    if (got === wanted) continue;
    model.dispose();
    const message = `TensorFlow.js gives ${name} the shape ${got}, wanted ${wanted}`;
    throw new ClientError("wrong-model", message);
  }
}

function applyLayer(
  { layer, position, built, output }: BuiltLayer,
  inputs: readonly Tensor[],
  dropoutSeed: string | undefined,
): Tensor {
  const [input] = inputs;
  if (input === undefined) throw new Error("a layer takes a tensor");
  switch (layer.class_name) {
    case "Dropout":
      if (dropoutSeed === undefined) return input;
      // The library's own dropout layer draws from Math.random, or with a seed the same values every time.
      return dropout(input, layer.config.rate, undefined, `${dropoutSeed}/${position}`);
    case "GlobalMaxPooling1D":
    case "GlobalMaxPooling2D":
      return globalMaximum(input, output);
    default:
      // A layer has one output.
      return built.apply(inputs.length === 1 ? input : [...inputs]) as Tensor;
  }
}

/**
 * The largest value of each channel. `values`: shape `[examples, .., channels]`. The library's own layers reduce, and the gradient of that goes in
 * full to every value that is equally large, as blank borders are; that of pooling goes to one of them.
 */
function globalMaximum(values: Tensor, [channels = 0]: readonly number[]): Tensor {
  const [examples = 0, rows = 0] = values.shape;
  const columns = values.size / (examples * rows * channels);
  const images: Tensor4D = reshape(values, [examples, rows, columns, channels]);
  return reshape(maxPool(images, [rows, columns], 1, "valid"), [examples, channels]);
}

function tensorAt(values: readonly Tensor[], source: number): Tensor {
  const value = values[source];
  if (value === undefined) throw new Error(`layer ${source} has not been computed`);
  return value;
}

/** What tfjs-layers reads a model from. */
type LayersJson = Parameters<typeof models.modelFromJSON>[0];

/**
 * The graph as tfjs-layers reads it, without the last activation, which belongs to the loss, and without drawing weights
 * that are overwritten.
 */
function trainingTopology({ input, layers }: ModelGraph): object {
  const inputLayer = {
    class_name: "InputLayer",
    name: nameOf(0),
    config: { name: nameOf(0), batch_input_shape: [null, ...input], dtype: "float32" },
    inbound_nodes: [],
  };
  const nodes = layers.map((node, index) => {
    const { layer, sources } = node;
    const { batch_input_shape: _, ...config } = layer.config;
    const name = nameOf(index + 1);
    const isLast = index === layers.length - 1;
    return {
      class_name: layer.class_name,
      name,
      config: {
        ...config,
        ...zeroWeights(node),
        name,
        ...(isLast ? { activation: "linear" } : {}),
      },
      inbound_nodes: [sources.map((source) => [nameOf(source), 0, 0, {}])],
    };
  });
  return {
    class_name: "Functional",
    config: {
      name: "model",
      layers: [inputLayer, ...nodes],
      input_layers: [[nameOf(0), 0, 0]],
      output_layers: [[nameOf(layers.length), 0, 0]],
    },
  };
}

/** What TensorFlow.js calls the example, 0, and the graph's layers, from 1: it cannot take "constructor", which a plan may. */
function nameOf(source: number): string {
  return `layer_${source}`;
}

/** A layer's own initialisers, as others are refused. */
function zeroWeights({ tensors }: GraphLayer): object {
  const zeros = { class_name: "Zeros", config: {} };
  const keys = tensors.map(({ name }) => `${name.replace("_kernel", "")}_initializer`);
  return Object.fromEntries(keys.map((key) => [key, zeros]));
}
