import type { Window } from "../kernels/window.ts";

/** One operation of a lowered model, from the output of the one before. Numbers of values are for one example. */
export type Operation =
  | DenseOperation
  | ConvolutionOperation
  | PoolOperation
  | ActivationOperation
  | DropoutOperation;

/** Values of one example before and after an operation. */
interface Width {
  readonly inputs: number;
  readonly outputs: number;
}

/** Offsets in the flat model; no bias where undefined. Where `isRelu`, the positive part is taken in the end. */
interface Weights {
  readonly kernel: number;
  readonly bias: number | undefined;
  readonly isRelu: boolean;
}

/** [inputs] x [inputs, outputs] + bias. */
export interface DenseOperation extends Width, Weights {
  readonly kind: "dense";
}

/** Images by filters + bias; "depthwise": each channel by filters of its own. */
export interface ConvolutionOperation extends Width, Weights {
  readonly kind: "conv2d" | "depthwise";
  /** For any number of images. */
  readonly window: Window;
}

/** The largest value below each window, or their mean. */
export interface PoolOperation extends Width {
  readonly kind: "maxPool" | "averagePool";
  /** For any number of images. */
  readonly window: Window;
}

/** A function of each value. */
export interface ActivationOperation extends Width {
  readonly kind: "relu" | "tanh" | "sigmoid";
}

/** In training, leaves out a share `rate`, in (0, 1), of the values. */
export interface DropoutOperation extends Width {
  readonly kind: "dropout";
  readonly rate: number;
  /** Position among the model's layers, which names its random numbers. */
  readonly layer: number;
}
