import type { ModelReport } from "@chorus/aggregation";
import type * as types from "@chorus/proto/v1/types";
import { exactly, hashFromWire, required } from "./wire-fields.ts";

/** What a survivor of an encrypted round reports. Throws {@link WireError} naming the field. */
export function reportFromWire(message: types.ModelReport): ModelReport {
  const { stateHash, counts } = message;
  return {
    participantId: message.participantId,
    modelHash: hashFromWire(message.modelHash, "model_hash"),
    stateHash: stateHash.length === 0 ? "" : hashFromWire(stateHash, "state_hash"),
    counts: required(counts, "counts"),
    signature: exactly(message.signature, 64, "signature"),
  };
}
