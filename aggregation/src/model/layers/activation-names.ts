/**
 * Activations that a plan may use: gradients of a two-layer model on the WASM backend agree with the reference backend
 * within 2e-7 for each of them (measured with tfjs 4.22).
 */
export const ACTIVATIONS = [
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
] as const;

export type Activation = (typeof ACTIVATIONS)[number];
