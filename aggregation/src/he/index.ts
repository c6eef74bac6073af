export { CIPHERTEXT_BYTES, SUM_BYTES } from "./ciphertext-form.ts";
export {
  CKKS_SLOTS,
  CkksAdder,
  CkksCipher,
  type CkksSet,
  NVFLARE_CKKS,
  newCkksKey,
  SMALL_CKKS,
} from "./ckks.ts";
export { applyCoefficientMasks } from "./coefficient-masks.ts";
export { type CheckedCiphertexts, EncryptedSum } from "./encrypted-sum.ts";
export type {
  AddressedHandover,
  HandedOver,
  Handover,
  HandoverBinding,
  HeldModel,
  ModelRequest,
  SealedModel,
} from "./handover/handover.ts";
export { HandoverError, type HandoverErrorCode } from "./handover/handover-error.ts";
export { checkModelRequest, ModelRequestKeys } from "./handover/model-request.ts";
export { checkHandover, checkSealedModel } from "./handover/open-model.ts";
export { sealedModelBytes, sealModel } from "./handover/seal-model.ts";
export { encodedLength, type HeEncoding, heEncodingOf, heValueCount } from "./he-encoding.ts";
export { HeError, type HeErrorCode } from "./he-error.ts";
export { decodeHeSum, encodeHeUpdate } from "./he-quantiser.ts";
export { chunkCount, packValues } from "./lanes.ts";
export {
  type HeParameters,
  heParameters,
  parametersHash,
  type ValueBits,
} from "./parameters.ts";
export { ParticipantCipher } from "./participant-cipher.ts";
export { Seal } from "./seal.ts";
