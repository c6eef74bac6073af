import { LAYERS } from "./topology.ts";

const NO_FILTER_GRADIENT = "the WASM backend has no gradient for its filters";
const LOST_POOL_GRADIENT =
  "the WASM backend loses its gradient wherever the largest value in a window is not positive";
const NO_GATHER_GRADIENT = "the WASM backend has no gradient for its table";
const LOCAL_STATISTICS =
  "its moving statistics describe one site's records, and a mean of them is not the cohort's";
const UNTESTED_RECURRENCE =
  "its gradients have not been compared with the reference on every backend";

/**
 * Layers that people ask for, and why a plan cannot have them with tfjs 4.22: a site would train on gradients that are
 * missing or wrong, and nobody would see it in the masked sum. A Map, as a layer may be called "constructor".
 */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["Conv1D", NO_FILTER_GRADIENT],
  ["Conv2D", NO_FILTER_GRADIENT],
  ["Conv2DTranspose", NO_FILTER_GRADIENT],
  ["DepthwiseConv2D", NO_FILTER_GRADIENT],
  ["SeparableConv2D", NO_FILTER_GRADIENT],
  ["Conv3D", "the WASM backend's gradient for an input of several channels is wrong"],
  ["MaxPooling1D", LOST_POOL_GRADIENT],
  ["MaxPooling2D", LOST_POOL_GRADIENT],
  ["MaxPooling3D", LOST_POOL_GRADIENT],
  ["Embedding", NO_GATHER_GRADIENT],
  ["BatchNormalization", LOCAL_STATISTICS],
  ["SimpleRNN", UNTESTED_RECURRENCE],
  ["LSTM", UNTESTED_RECURRENCE],
  ["GRU", UNTESTED_RECURRENCE],
]);

/** What a plan may have instead of a layer, and why not that one where the reason is known. */
export function supportedInsteadOf(className: unknown): string {
  const supported = `one of ${LAYERS.join(", ")}`;
  const reason = typeof className === "string" ? REASONS.get(className) : undefined;
  return reason === undefined ? supported : `${supported}: ${reason}`;
}
