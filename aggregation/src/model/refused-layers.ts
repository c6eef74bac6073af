import { LAYER_CLASSES } from "./layers/registry.ts";

const WRONG_VOLUMES =
  "the WASM backend computes its gradient wrongly: use Reshape, with depth and channels as one, and the layer for images";
const UNSEEDED = "it draws from a generator without a seed: use Dropout";
const UNTESTED = "its gradients have not been compared with the reference: use";
const IN_PLACE = "put its layers in place of it";

/**
 * Layers that people ask for, and why a plan cannot have them with tfjs 4.22: a site would train on gradients that are
 * missing or wrong, and nobody would see it in the masked sum. A Map, as a layer may be called "constructor".
 */
const REASONS: ReadonlyMap<string, string> = new Map([
  [
    "BatchNormalization",
    "its moving statistics describe one site's records, and a mean of them is not the cohort's: use LayerNormalization",
  ],
  ["Conv3D", WRONG_VOLUMES],
  ["Conv3DTranspose", WRONG_VOLUMES],
  ["MaxPooling3D", WRONG_VOLUMES],
  ["AveragePooling3D", `${UNTESTED} Reshape and AveragePooling2D`],
  [
    "UpSampling2D",
    "the reference that every site compares its gradients with computes this one wrongly: use Conv2DTranspose",
  ],
  ["ConvLSTM2D", `${UNTESTED} Conv2D, Reshape to rows and LSTM`],
  ["PReLU", "use LeakyReLU"],
  ["ThresholdedReLU", `${UNTESTED} ReLU after a layer with a bias`],
  ["Bidirectional", "rows are read forwards: use GRU or LSTM"],
  ["RNN", "use SimpleRNN, GRU or LSTM"],
  ["TimeDistributed", "Dense, Activation and LayerNormalization take rows as they are"],
  ["Masking", "masks are not passed on"],
  ["MultiHeadAttention", "write it with Dense, Dot, Rescaling and Activation layers"],
  ["EinsumDense", "use Dense"],
  ["GaussianNoise", UNSEEDED],
  ["GaussianDropout", UNSEEDED],
  ["AlphaDropout", UNSEEDED],
  ["SpatialDropout1D", UNSEEDED],
  ["Sequential", IN_PLACE],
  ["Functional", IN_PLACE],
  ["Model", IN_PLACE],
]);

/** Why a plan cannot have a layer, where the reason is known, else the layers that it can have. */
export function supportedInsteadOf(className: unknown): string {
  const reason = typeof className === "string" ? REASONS.get(className) : undefined;
  return reason === undefined ? `one of ${LAYER_CLASSES.join(", ")}` : `another layer: ${reason}`;
}
