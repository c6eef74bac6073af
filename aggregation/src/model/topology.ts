/** A model in the JSON of tfjs-layers, limited to layers whose gradients are right on every backend. */
export interface ModelTopology {
  readonly class_name: "Sequential";
  readonly config: {
    readonly name: string;
    /** 1 to 100, in the order in which an example passes them. */
    readonly layers: readonly Layer[];
  };
}

export type Layer = DenseLayer | FlattenLayer | ActivationLayer | DropoutLayer;

/** What every layer may say of itself. */
export interface LayerConfig {
  /** Names its tensors; `<class>_<position>` where it is left out, as in "dense_2". */
  readonly name?: string;
  /** Shape of an example after the batch dimension, which is null. The first layer has it, and no other. */
  readonly batch_input_shape?: readonly [null, ...number[]];
}

/** activation(input x kernel + bias): input `[in]`, output `[units]`. */
export interface DenseLayer {
  readonly class_name: "Dense";
  readonly config: LayerConfig & {
    readonly units: number;
    /** Left out, it is "linear". */
    readonly activation?: Activation;
    /** Left out, it is true. */
    readonly use_bias?: boolean;
  };
}

/** The same numbers in one dimension. */
export interface FlattenLayer {
  readonly class_name: "Flatten";
  readonly config: LayerConfig;
}

export interface ActivationLayer {
  readonly class_name: "Activation";
  readonly config: LayerConfig & { readonly activation: Activation };
}

/** Sets a share `rate`, in [0, 1), of its input to zero during training. */
export interface DropoutLayer {
  readonly class_name: "Dropout";
  readonly config: LayerConfig & { readonly rate: number };
}

/**
 * Activations that a plan may use: gradients of a two-layer model on the WASM backend agree with the reference backend
 * within 2e-7 for each of them (measured with tfjs 4.22).
 */
export const ACTIVATIONS: readonly Activation[] = [
  "linear",
  "relu",
  "elu",
  "selu",
  "tanh",
  "sigmoid",
  "softplus",
  "swish",
  "gelu",
  "softmax",
];

export type Activation =
  | "linear"
  | "relu"
  | "elu"
  | "selu"
  | "tanh"
  | "sigmoid"
  | "softplus"
  | "swish"
  | "gelu"
  | "softmax";

/** Layers that a plan may use. */
export const LAYERS: readonly Layer["class_name"][] = ["Dense", "Flatten", "Activation", "Dropout"];
