import type { AddressedHandover, Handover, ModelRequest } from "@chorus/aggregation/he";
import type * as participant from "@chorus/proto/v1/participant";
import type * as types from "@chorus/proto/v1/types";
import { exactly, hashFromWire, hashToWire, required } from "./wire-fields.ts";

/** Bytes of a key sealed with AES-256-GCM. */
const SEALED_KEY_BYTES = 48;

export function modelRequestFromWire(message: types.ModelRequest): ModelRequest {
  return {
    participantId: message.participantId,
    identityKey: exactly(message.identityKey, 32, "identity_key"),
    encryptionKey: exactly(message.encryptionKey, 32, "encryption_key"),
    signature: exactly(message.signature, 64, "signature"),
  };
}

export function addressedHandoverFromWire({
  to,
  handover,
}: participant.AddressedHandover): AddressedHandover {
  return { to, handover: handoverFromWire(required(handover, "handover")) };
}

function handoverFromWire(message: participant.Handover): Handover {
  return {
    participantId: message.participantId,
    identityKey: exactly(message.identityKey, 32, "identity_key"),
    encryptionKey: exactly(message.encryptionKey, 32, "encryption_key"),
    sealedKey: exactly(message.sealedKey, SEALED_KEY_BYTES, "sealed_key"),
    totalBytes: message.totalBytes,
    sealedHash: hashFromWire(message.sha256, "sha256"),
    signature: exactly(message.signature, 64, "signature"),
  };
}

export function handoverToWire({ sealedHash, ...handover }: Handover): participant.Handover {
  return { ...handover, sha256: hashToWire(sealedHash) };
}
