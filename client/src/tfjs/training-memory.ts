import { type GraphLayer, type ModelTopology, modelGraph, type Plan } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import type { BackendName } from "./backends/backend.ts";
import { layerValues, stepsOf, valuesIn, weightsOf } from "./layer-values.ts";

/** WASM has 4 GiB of addresses, some of which lie in gaps. */
const MOST_BYTES = 3 * 2 ** 30;

/**
 * Throws {@link ClientError} `too-large` where a training step of the plan does not fit into WASM's memory, by an estimate: an
 * instance that has run out of memory is lost. Devices and native libraries have memories of their own.
 */
export function requireMemory(backend: BackendName, { model, training }: Plan): void {
  if (backend !== "wasm") return;
  const { batchSize } = training;
  const need = trainingMemory(model);
  const bytes = need.modelBytes + batchSize * need.exampleBytes;
  if (bytes <= MOST_BYTES) return;
  const fitting = Math.floor((MOST_BYTES - need.modelBytes) / need.exampleBytes);
  const advice = fitting < 1 ? "a smaller model" : `a batchSize of ${fitting}, or a smaller model`;
  throw new ClientError(
    "too-large",
    `a training step with batchSize ${batchSize} needs some ${gibibytes(bytes)} GiB, ` +
      `wanted at most ${gibibytes(MOST_BYTES)} on the backend wasm: ${advice}`,
  );
}

interface TrainingMemory {
  /** Whatever the batch. */
  readonly modelBytes: number;
  /** For each example of the batch. */
  readonly exampleBytes: number;
}

/**
 * What a training step keeps at its fullest, by TensorFlow.js' operations. The copies of a layer's values were measured as growth of WASM's
 * memory, on models of five such layers.
 */
function trainingMemory(model: ModelTopology): TrainingMemory {
  const { input, layers } = modelGraph(model);
  const values = layers.reduce(
    (sum, layer) => sum + copiesOf(layer) * layerValues(layer),
    valuesIn(input),
  );
  const weights = layers.reduce((sum, layer) => sum + keptWeights(layer), 0);
  return {
    modelBytes: weights * Float32Array.BYTES_PER_ELEMENT,
    exampleBytes: values * Float32Array.BYTES_PER_ELEMENT,
  };
}

/** Before the activation, after it and the gradient, and what operations keep in between. */
function copiesOf({ layer }: GraphLayer): number {
  switch (layer.class_name) {
    case "LayerNormalization":
      return 18;
    case "SimpleRNN":
    case "GRU":
    case "LSTM":
      return 15;
    case "Conv1D":
    case "Conv2D":
    case "Conv2DTranspose":
    case "DepthwiseConv2D":
    case "SeparableConv2D":
      return 6;
    default:
      return 3;
  }
}

/** A layer's weights, their gradient and what the optimiser remembers of them; a recurrent layer keeps a gradient for each step. */
function keptWeights(graphLayer: GraphLayer): number {
  const { class_name: className } = graphLayer.layer;
  const isRecurrent = className === "SimpleRNN" || className === "GRU" || className === "LSTM";
  const gradients = isRecurrent ? stepsOf(graphLayer.inputs) : 1;
  return (3 + gradients) * weightsOf(graphLayer);
}

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
