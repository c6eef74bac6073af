import { type GraphLayer, type ModelTopology, modelGraph } from "@chorus/aggregation";
import { stepsOf, valuesIn, weightsOf } from "./layer-values.ts";

/**
 * Nanoseconds that plain JavaScript takes a multiplication, forward and backward, as windows that move over an image and as products
 * of matrices. These and the other numbers here: one core of a server of 2020, models of one layer; half of it to twice as much.
 */
const WINDOW_NS = 250;
const PRODUCT_NS = 20;

/** A value that a layer gives, whatever it does; a normalised one takes a dozen operations. */
const VALUE_NS = 400;
const NORMALISED_VALUE_NS = 2000;

/** A step of a recurrent layer is some twenty operations, and adds a gradient of all weights to that of the other steps. */
const STEP_NS = 2_000_000;
const STEP_PRODUCT_NS = 60;

/** The gradient of a table goes through all tokens for each of its rows. */
const TABLE_NS = 170;

/**
 * Milliseconds that the gradient of a model takes on one example in plain JavaScript, forward and backward; as right as a
 * machine's speed is known. Throws {@link PlanError} as {@link modelGraph} does.
 */
export function referenceMs(model: ModelTopology): number {
  return modelGraph(model).layers.reduce((sum, layer) => sum + layerNs(layer), 0) / 1e6;
}

function layerNs(graphLayer: GraphLayer): number {
  const perValue =
    graphLayer.layer.class_name === "LayerNormalization" ? NORMALISED_VALUE_NS : VALUE_NS;
  return perValue * valuesIn(graphLayer.output) + productsNs(graphLayer);
}

/** What a layer multiplies with weights, or looks at in windows. */
function productsNs(graphLayer: GraphLayer): number {
  const { layer, inputs, output } = graphLayer;
  const weights = weightsOf(graphLayer);
  const [input = [], other = []] = inputs;
  switch (layer.class_name) {
    case "Conv1D":
    case "Conv2D":
    case "DepthwiseConv2D":
    case "SeparableConv2D":
      return WINDOW_NS * positionsIn(output) * weights;
    case "Conv2DTranspose":
      return WINDOW_NS * positionsIn(input) * weights;
    case "MaxPooling1D":
    case "MaxPooling2D":
    case "AveragePooling1D":
    case "AveragePooling2D":
      return WINDOW_NS * valuesIn(output) * valuesIn(layer.config.pool_size);
    case "Dense":
      return PRODUCT_NS * positionsIn(output) * weights;
    case "Dot":
      // [a, n] and [b, n] give [a, b].
      return PRODUCT_NS * Math.sqrt(valuesIn(input) * valuesIn(other) * valuesIn(output));
    case "SimpleRNN":
    case "GRU":
    case "LSTM":
      return stepsOf(inputs) * (STEP_NS + STEP_PRODUCT_NS * weights);
    case "Embedding":
      return TABLE_NS * layer.config.input_dim * valuesIn(output);
    default:
      return 0;
  }
}

/** Places in a shape whose last dimension are channels. */
function positionsIn(shape: readonly number[]): number {
  return valuesIn(shape.slice(0, -1));
}
