import { sha256Hex } from "../../hash.ts";
import type { AgreementKey } from "../../masking/key-agreement.ts";
import type { HandedOver, Handover, HandoverBinding, ModelRequest } from "./handover.ts";
import { HandoverError } from "./handover-error.ts";
import { bindingHash, handoverBytes, requireLengths, requireSigned } from "./handover-signing.ts";
import { wrappingKey } from "./model-keys.ts";
import { HEAD_BYTES, modelAad, openBytes, TAG_BYTES } from "./sealed-model.ts";

/**
 * Throws {@link HandoverError} unless the handover is its participant's own answer to this request: `wrong-length`,
 * `wrong-participant`, `bad-signature`. Whether the participant is one of the federation's is for the caller to check.
 */
export function checkHandover(
  binding: HandoverBinding,
  request: ModelRequest,
  handover: Handover,
): void {
  const { participantId, identityKey, encryptionKey, sealedKey, totalBytes, sealedHash } = handover;
  requireLengths(participantId, {
    "identity key": [identityKey, 32],
    "encryption key": [encryptionKey, 32],
    "sealed key": [sealedKey, 32 + TAG_BYTES],
    signature: [handover.signature, 64],
  });
  const isLength = Number.isSafeInteger(totalBytes) && totalBytes >= HEAD_BYTES + TAG_BYTES;
  if (!isLength || !/^[0-9a-f]{64}$/.test(sealedHash)) {
    const message = `the sealed model of ${participantId} has ${totalBytes} bytes and a hash of ${sealedHash.length} digits`;
    throw new HandoverError("wrong-length", message, participantId);
  }
  requireSigned("handover", handover, () => handoverBytes(binding, request, handover));
}

/** Throws {@link HandoverError} `wrong-length`, `wrong-bytes` unless the bytes are the sealed model that was signed. */
export function checkSealedModel(handover: Handover, sealed: Uint8Array): void {
  const { participantId, totalBytes, sealedHash } = handover;
  if (sealed.length !== totalBytes) {
    const message = `sealed model of ${participantId} has ${sealed.length} bytes, wanted ${totalBytes}`;
    throw new HandoverError("wrong-length", message, participantId);
  }
  if (sha256Hex(sealed) === sealedHash) return;
  const message = `sealed model is not the one that ${participantId} signed`;
  throw new HandoverError("wrong-bytes", message, participantId);
}

/** See `ModelRequestKeys.open`. */
export function openModel(
  binding: HandoverBinding,
  request: ModelRequest,
  key: AgreementKey,
  handover: Handover,
  sealed: Uint8Array,
): HandedOver {
  checkHandover(binding, request, handover);
  checkSealedModel(handover, sealed);
  const from = handover.participantId;
  const hash = bindingHash(binding);
  const address = {
    binding: hash,
    from,
    fromKey: handover.encryptionKey,
    to: request.participantId,
    toKey: request.encryptionKey,
  };
  const wrapping = wrappingKey(key, from, handover.encryptionKey, address);
  const modelKey = openBytes(wrapping, hash, handover.sealedKey);
  wrapping.fill(0);
  const opened = modelKey && openBytes(modelKey, modelAad(hash, from), sealed);
  modelKey?.fill(0);
  if (opened === undefined) {
    const message = `what ${from} handed over does not open with the key of this request`;
    throw new HandoverError("unopenable-model", message, from);
  }
  return split(opened, from);
}

function split(opened: Uint8Array, from: string): HandedOver {
  const head = new DataView(opened.buffer, opened.byteOffset, HEAD_BYTES);
  const modelBytes = Number(head.getBigUint64(0));
  const end = HEAD_BYTES + modelBytes;
  if (end > opened.length) {
    const message = `model of ${from} has ${modelBytes} bytes of ${opened.length - HEAD_BYTES}`;
    throw new HandoverError("wrong-length", message, from);
  }
  const state = end < opened.length ? opened.subarray(end) : undefined;
  return { model: opened.subarray(HEAD_BYTES, end), state };
}
