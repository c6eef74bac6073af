import { CIPHERTEXT_BYTES, SUM_BYTES } from "../he/ciphertext-form.ts";
import { heValueCount } from "../he/he-encoding.ts";
import { HeError } from "../he/he-error.ts";
import { chunkCount } from "../he/lanes.ts";
import {
  type HeParameters,
  heParameters,
  parametersHash,
  type ValueBits,
} from "../he/parameters.ts";
import type { EncryptedRoundConfig, HeConfig } from "./config.ts";
import { MaskingError } from "./error.ts";
import type { Hash } from "./messages.ts";

/**
 * How a round of so many participants encrypts values of so many bits; `parentStateHash`: of what the round goes on with.
 * Throws {@link MaskingError} `too-many-participants` for more than a sum has room for.
 */
export function heConfigFor(
  valueBits: ValueBits,
  cohortSize: number,
  parentStateHash: Hash | "",
): HeConfig {
  return {
    parametersHash: parametersHash(roomyParameters(valueBits, cohortSize)),
    valueBits,
    rotation: "hadamard-v1",
    parentStateHash,
  };
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

/** As a configuration's refusal, what {@link heParameters} says of too many. */
function roomyParameters(valueBits: ValueBits, participants: number): HeParameters {
  try {
    return heParameters(valueBits, participants);
  } catch (cause) {
    if (!(cause instanceof HeError) || cause.code !== "too-many-participants") throw cause;
    throw new MaskingError(cause.code, cause.message, { cause });
  }
}
