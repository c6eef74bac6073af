import type { FunctionalTopology, Layer, NamedLayer, SequentialTopology } from "./topology.ts";
import { attentionBlock, node } from "./zoo-attention.ts";

/** What a model of the zoo takes and gives. */
export interface ZooOptions {
  /** Pixels of an image's sides: examples are `[side, side]`, as IDX files give them. Left out, it is 28. */
  readonly side?: number;
  /** Left out, it is 10. */
  readonly classes?: number;
}

/** One softmax layer: `inputs` numbers to `classes`. */
export function logisticRegression(inputs: number, classes: number): SequentialTopology {
  return sequential("logistic-regression", [
    {
      class_name: "Dense",
      config: { batch_input_shape: [null, inputs], units: classes, activation: "softmax" },
    },
  ]);
}

/** One hidden layer. For digits and 200 units 159,010 parameters. */
export function mlp({ side = 28, classes = 10 }: ZooOptions = {}, units = 200): SequentialTopology {
  return sequential("mlp", [
    { class_name: "Flatten", config: { batch_input_shape: [null, side, side] } },
    { class_name: "Dense", config: { units, activation: "relu" } },
    softmax(classes),
  ]);
}

/** LeCun et al. 1998, with relu and largest values: for digits 61,706 parameters. */
export function lenet5({ side = 28, classes = 10 }: ZooOptions = {}): SequentialTopology {
  return sequential("lenet-5", [
    image(side),
    convolution(6, "same"),
    pool(),
    convolution(16, "valid"),
    pool(),
    { class_name: "Flatten", config: {} },
    { class_name: "Dense", config: { units: 120, activation: "relu" } },
    { class_name: "Dense", config: { units: 84, activation: "relu" } },
    softmax(classes),
  ]);
}

/** The CNN of McMahan et al. 2017, section 3: for digits 1,663,370 parameters. */
export function mcmahanCnn({ side = 28, classes = 10 }: ZooOptions = {}): SequentialTopology {
  return sequential("mcmahan-cnn", [
    image(side),
    convolution(32, "same"),
    pool(),
    convolution(64, "same"),
    pool(),
    { class_name: "Flatten", config: {} },
    { class_name: "Dense", config: { units: 512, activation: "relu" } },
    softmax(classes),
  ]);
}

/** Convolutions by channel and over channels in turn, after Howard et al. 2017: for digits 2,570 parameters. */
export function depthwiseCnn({ side = 28, classes = 10 }: ZooOptions = {}): SequentialTopology {
  const byChannel = (stride: number): Layer => ({
    class_name: "DepthwiseConv2D",
    config: { kernel_size: [3, 3], strides: [stride, stride], padding: "same", activation: "relu" },
  });
  const overChannels = (filters: number): Layer => ({
    class_name: "Conv2D",
    config: { filters, kernel_size: [1, 1], activation: "relu" },
  });
  return sequential("depthwise-cnn", [
    image(side),
    {
      class_name: "Conv2D",
      config: {
        filters: 16,
        kernel_size: [3, 3],
        strides: [2, 2],
        padding: "same",
        activation: "relu",
      },
    },
    byChannel(1),
    overChannels(32),
    byChannel(2),
    overChannels(32),
    { class_name: "GlobalAveragePooling2D", config: {} },
    softmax(classes),
  ]);
}

/** Reads an image row by row. For digits and 64 units 24,458 parameters. */
export function lstm({ side = 28, classes = 10 }: ZooOptions = {}, units = 64): SequentialTopology {
  return sequential("lstm", [
    { class_name: "LSTM", config: { batch_input_shape: [null, side, side], units } },
    softmax(classes),
  ]);
}

/**
 * One block of a transformer encoder over the rows of an image (Vaswani et al. 2017, section 3): `heads` heads of
 * `width` / `heads` values. There is no layer for positions: a dense layer over the rows, whose weights differ from row to row,
 * is added to the tokens in their place. For digits 14,774 parameters.
 */
export function transformer(
  { side = 28, classes = 10 }: ZooOptions = {},
  width = 32,
  heads = 2,
): FunctionalTopology {
  const layers: readonly NamedLayer[] = [
    node("tokens", ["rows"], { class_name: "Dense", config: { units: width } }),
    node("by_feature", ["tokens"], { class_name: "Permute", config: { dims: [2, 1] } }),
    node("over_rows", ["by_feature"], { class_name: "Dense", config: { units: side } }),
    node("places", ["over_rows"], { class_name: "Permute", config: { dims: [2, 1] } }),
    node("placed", ["tokens", "places"], { class_name: "Add", config: {} }),
    ...attentionBlock("placed", width, heads),
    node("mean", ["block"], { class_name: "GlobalAveragePooling1D", config: {} }),
    node("classes", ["mean"], softmax(classes)),
  ];
  return {
    class_name: "Functional",
    config: {
      name: "transformer",
      layers: [
        {
          class_name: "InputLayer",
          name: "rows",
          config: { batch_input_shape: [null, side, side] },
          inbound_nodes: [],
        },
        ...layers,
      ],
      input_layers: [["rows", 0, 0]],
      output_layers: [["classes", 0, 0]],
    },
  };
}

function sequential(name: string, layers: readonly Layer[]): SequentialTopology {
  return { class_name: "Sequential", config: { name, layers } };
}

/** A grey image with its one channel. */
function image(side: number): Layer {
  return {
    class_name: "Reshape",
    config: { batch_input_shape: [null, side, side], target_shape: [side, side, 1] },
  };
}

function convolution(filters: number, padding: "same" | "valid"): Layer {
  return {
    class_name: "Conv2D",
    config: { filters, kernel_size: [5, 5], padding, activation: "relu" },
  };
}

function pool(): Layer {
  return { class_name: "MaxPooling2D", config: { pool_size: [2, 2] } };
}

function softmax(classes: number): Layer {
  return { class_name: "Dense", config: { units: classes, activation: "softmax" } };
}
