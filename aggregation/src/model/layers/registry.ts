import {
  ACTIVATION,
  type ActivationConfig,
  ELU,
  LEAKY_RELU,
  type LeakyReluConfig,
  RELU,
  RESCALING,
  type RescalingConfig,
  SOFTMAX,
  type SoftmaxConfig,
} from "./activation.ts";
import { CONV1D, CONV2D, type Conv1DConfig, type Conv2DConfig } from "./convolution.ts";
import { DENSE, type DenseConfig } from "./dense.ts";
import {
  DEPTHWISE_CONV2D,
  type DepthwiseConv2DConfig,
  SEPARABLE_CONV2D,
  type SeparableConv2DConfig,
} from "./depthwise.ts";
import { DROPOUT, type DropoutConfig } from "./dropout.ts";
import { EMBEDDING, type EmbeddingConfig } from "./embedding.ts";
import type { LayerConfig, LayerKind, Shape, TensorSpec } from "./layer-kind.ts";
import { CONCATENATE, type ConcatenateConfig, DOT, type DotConfig, ELEMENTWISE } from "./merge.ts";
import { LAYER_NORMALIZATION, type LayerNormalizationConfig } from "./normalization.ts";
import {
  AVERAGE_POOLING1D,
  AVERAGE_POOLING2D,
  GLOBAL_POOLING1D,
  GLOBAL_POOLING2D,
  MAX_POOLING1D,
  MAX_POOLING2D,
  type Pooling1DConfig,
  type Pooling2DConfig,
} from "./pooling.ts";
import { type GatedConfig, GRU, LSTM, type RecurrentConfig, SIMPLE_RNN } from "./recurrent.ts";
import { FLATTEN, PERMUTE, type PermuteConfig, RESHAPE, type ReshapeConfig } from "./reshape.ts";
import {
  CROPPING2D,
  type Cropping2DConfig,
  REPEAT_VECTOR,
  type RepeatVectorConfig,
  ZERO_PADDING2D,
  type ZeroPadding2DConfig,
} from "./resize.ts";
import { CONV2D_TRANSPOSE } from "./transposed-convolution.ts";

/** Layers that a plan may have, by their classes in tfjs-layers. */
export interface LayerConfigs {
  readonly Dense: DenseConfig;
  readonly Activation: ActivationConfig;
  readonly ReLU: LayerConfig;
  readonly LeakyReLU: LeakyReluConfig;
  readonly ELU: LayerConfig;
  readonly Softmax: SoftmaxConfig;
  readonly Dropout: DropoutConfig;
  readonly Rescaling: RescalingConfig;
  readonly Flatten: LayerConfig;
  readonly Reshape: ReshapeConfig;
  readonly Permute: PermuteConfig;
  readonly RepeatVector: RepeatVectorConfig;
  readonly Conv1D: Conv1DConfig;
  readonly Conv2D: Conv2DConfig;
  readonly Conv2DTranspose: Conv2DConfig;
  readonly DepthwiseConv2D: DepthwiseConv2DConfig;
  readonly SeparableConv2D: SeparableConv2DConfig;
  readonly ZeroPadding2D: ZeroPadding2DConfig;
  readonly Cropping2D: Cropping2DConfig;
  readonly MaxPooling1D: Pooling1DConfig;
  readonly MaxPooling2D: Pooling2DConfig;
  readonly AveragePooling1D: Pooling1DConfig;
  readonly AveragePooling2D: Pooling2DConfig;
  readonly GlobalMaxPooling1D: LayerConfig;
  readonly GlobalMaxPooling2D: LayerConfig;
  readonly GlobalAveragePooling1D: LayerConfig;
  readonly GlobalAveragePooling2D: LayerConfig;
  readonly SimpleRNN: RecurrentConfig;
  readonly GRU: GatedConfig;
  readonly LSTM: GatedConfig;
  readonly Embedding: EmbeddingConfig;
  readonly LayerNormalization: LayerNormalizationConfig;
  readonly Add: LayerConfig;
  readonly Multiply: LayerConfig;
  readonly Average: LayerConfig;
  readonly Maximum: LayerConfig;
  readonly Minimum: LayerConfig;
  readonly Concatenate: ConcatenateConfig;
  readonly Dot: DotConfig;
}

export type LayerClass = keyof LayerConfigs;

/** A layer of one of some classes. */
export type LayerOf<C extends LayerClass> = {
  [Class in C]: { readonly class_name: Class; readonly config: LayerConfigs[Class] };
}[C];

export type Layer = LayerOf<LayerClass>;

type LayerKinds = { readonly [Class in LayerClass]: LayerKind<LayerConfigs[Class]> };

/** All that is to know of each class: a new one is added here. */
export const LAYER_KINDS: LayerKinds = {
  Dense: DENSE,
  Activation: ACTIVATION,
  ReLU: RELU,
  LeakyReLU: LEAKY_RELU,
  ELU,
  Softmax: SOFTMAX,
  Dropout: DROPOUT,
  Rescaling: RESCALING,
  Flatten: FLATTEN,
  Reshape: RESHAPE,
  Permute: PERMUTE,
  RepeatVector: REPEAT_VECTOR,
  Conv1D: CONV1D,
  Conv2D: CONV2D,
  Conv2DTranspose: CONV2D_TRANSPOSE,
  DepthwiseConv2D: DEPTHWISE_CONV2D,
  SeparableConv2D: SEPARABLE_CONV2D,
  ZeroPadding2D: ZERO_PADDING2D,
  Cropping2D: CROPPING2D,
  MaxPooling1D: MAX_POOLING1D,
  MaxPooling2D: MAX_POOLING2D,
  AveragePooling1D: AVERAGE_POOLING1D,
  AveragePooling2D: AVERAGE_POOLING2D,
  GlobalMaxPooling1D: GLOBAL_POOLING1D,
  GlobalMaxPooling2D: GLOBAL_POOLING2D,
  GlobalAveragePooling1D: GLOBAL_POOLING1D,
  GlobalAveragePooling2D: GLOBAL_POOLING2D,
  SimpleRNN: SIMPLE_RNN,
  GRU: GRU,
  LSTM: LSTM,
  Embedding: EMBEDDING,
  LayerNormalization: LAYER_NORMALIZATION,
  Add: ELEMENTWISE,
  Multiply: ELEMENTWISE,
  Average: ELEMENTWISE,
  Maximum: ELEMENTWISE,
  Minimum: ELEMENTWISE,
  Concatenate: CONCATENATE,
  Dot: DOT,
};

/** Names of the classes, in the order in which a newcomer meets them. */
export const LAYER_CLASSES: readonly string[] = Object.keys(LAYER_KINDS);

/** What the layer's class is. */
export function kindOf<C extends LayerClass>(layer: LayerOf<C>): LayerKind<LayerConfigs[C]> {
  return LAYER_KINDS[layer.class_name];
}

/** {@link LayerKind.output} of a layer. */
export function outputOf<C extends LayerClass>(
  layer: LayerOf<C>,
  inputs: readonly Shape[],
  path: string,
): Shape {
  const kind: LayerKind<LayerConfigs[C]> = LAYER_KINDS[layer.class_name];
  return kind.output(layer.config, inputs, path);
}

/** {@link LayerKind.tensors} of a layer. */
export function tensorsOf<C extends LayerClass>(
  layer: LayerOf<C>,
  inputs: readonly Shape[],
): readonly TensorSpec[] {
  const kind: LayerKind<LayerConfigs[C]> = LAYER_KINDS[layer.class_name];
  return kind.tensors(layer.config, inputs);
}
