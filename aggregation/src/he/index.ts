export { ChunkAdder, ChunkCipher } from "./chunk-cipher.ts";
export { CIPHERTEXT_BYTES, packSum, SUM_BYTES, SUM_WORDS, unpackSum } from "./ciphertext-form.ts";
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
export { FRAME_BYTES, FrameReader, framesOf, type HeFrame, type HeStream } from "./frames.ts";
export { HeError, type HeErrorCode } from "./he-error.ts";
export { decodeHeSum, encodedLength, encodeHeUpdate, type HeEncoding } from "./he-quantiser.ts";
export { HeKey, KEY_SEED_BYTES } from "./key.ts";
export { CHUNK_WORDS, chunkCount, chunkOf } from "./lanes.ts";
export {
  type HeParameters,
  heParameters,
  noiseMargin,
  parametersHash,
  publicParameters,
  requireParticipants,
  type ValueBits,
} from "./parameters.ts";
export { Renewed } from "./renewed.ts";
export { Seal } from "./seal.ts";
