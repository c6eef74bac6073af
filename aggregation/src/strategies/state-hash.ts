import { sha256Hex } from "../hash.ts";
import type { Hash } from "../masking/messages.ts";
import { modelToBytes } from "../model/model-bytes.ts";

/** SHA-256 of the bytes of an outer optimiser's state; "" where there is none, before the first round or at all. */
export function stateHash(state: Float32Array | undefined): Hash | "" {
  return state === undefined ? "" : sha256Hex(modelToBytes(state));
}
