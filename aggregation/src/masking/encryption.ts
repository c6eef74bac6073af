import { CIPHERTEXT_BYTES, SUM_BYTES } from "../he/ciphertext-form.ts";
import { heValueCount } from "../he/he-encoding.ts";
import { chunkCount } from "../he/lanes.ts";
import {
  type HeParameters,
  heParameters,
  parametersHash,
  type ValueBits,
} from "../he/parameters.ts";
import type { EncryptedRoundConfig, HeConfig } from "./config.ts";
import { MaskingError } from "./error.ts";

/**
 * How a round of so many participants encrypts values of so many bits. Throws {@link MaskingError} `too-many-participants`
 * for more than a sum has room for.
 */
export function heConfigFor(valueBits: ValueBits, cohortSize: number): HeConfig {
  const parameters = roomyParameters(valueBits, cohortSize);
  return { parametersHash: parametersHash(parameters), valueBits, rotation: "hadamard-v1" };
}

/** What an encrypted round encrypts with. Throws as {@link heConfigFor}. */
export function heParametersOf({ he, cohort }: EncryptedRoundConfig): HeParameters {
  return roomyParameters(he.valueBits, cohort.length);
}

/** Values that each participant of an encrypted round encrypts: its update's, then the commitment's randomness. */
export function valueCountOf(config: EncryptedRoundConfig): number {
  return heValueCount(heParametersOf(config), config.dimension);
}

/** Bytes of a participant's ciphertexts, one after the other. */
export function ciphertextBytes(config: EncryptedRoundConfig): number {
  return CIPHERTEXT_BYTES * chunksOf(config);
}

/** Bytes of an encrypted round's sum. */
export function encryptedSumBytes(config: EncryptedRoundConfig): number {
  return SUM_BYTES * chunksOf(config);
}

function chunksOf(config: EncryptedRoundConfig): number {
  return chunkCount(heParametersOf(config), valueCountOf(config));
}

function roomyParameters(valueBits: ValueBits, participants: number): HeParameters {
  const parameters = heParameters(valueBits, 1);
  const { maxParticipants } = parameters;
  if (participants > maxParticipants) {
    const message = `there are ${participants} participants, ${valueBits}-bit values have room for ${maxParticipants}`;
    throw new MaskingError("too-many-participants", message);
  }
  return parameters;
}
