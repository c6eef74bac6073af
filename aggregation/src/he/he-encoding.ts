import { sha256 } from "../hash.ts";
import { configHash, type EncryptedRoundConfig } from "../masking/config.ts";
import { countValues } from "./count-limbs.ts";
import { HeError } from "./he-error.ts";
import { type HeParameters, heParameters, type ValueBits } from "./parameters.ts";
import { randomnessValues } from "./randomness-limbs.ts";
import { rotatedDimension } from "./rotation.ts";

/** How an update becomes small integers. */
export interface HeEncoding {
  readonly parameters: HeParameters;
  /** Parameters of the model. */
  readonly dimension: number;
  /** L2 norm that an update is clipped to. */
  readonly clippingNorm: number;
  /** Examples from which on an update weighs no more. */
  readonly maxExamples: number;
  /** What decides the rotation, 32 bytes, public: see `rotate`. */
  readonly rotationSeed: Uint8Array;
}

/**
 * Deviations of a rotated coordinate that its range has on either side, beyond which it is clamped. Measured, relative error
 * of the mean of four updates whose norm is the clip, 16,384 and 262,144 parameters: with 8 bits rounding is all there is,
 * 0.009 with 4.5 and 0.012 with 6. With 16 bits clamping, of 7 values in a million, costs 0.0003 to 0.0007 with 4.5, and 6
 * leaves rounding's 0.00005.
 */
const DEVIATIONS: Readonly<Record<ValueBits, number>> = { 8: 4.5, 15: 6, 16: 6 };

/** A round's encoding, from what its participants agreed on. Throws {@link HeError} as `heParameters`. */
export function heEncodingOf(config: EncryptedRoundConfig): HeEncoding {
  const { dimension, clippingNorm, maxExamples } = config;
  const parameters = heParameters(config.he.valueBits, config.cohort.length);
  const rotationSeed = sha256("chorus/he-rotation/v1/", configHash(config));
  return { parameters, dimension, clippingNorm, maxExamples, rotationSeed };
}

/** Values that an update is encoded as: the model's, then the counts. */
export function encodedLength({
  parameters,
  dimension,
}: Pick<HeEncoding, "parameters" | "dimension">): number {
  return dimension + countValues(parameters);
}

/** Values that a participant encrypts: its encoded update, then the randomness of the commitment to it. */
export function heValueCount(parameters: HeParameters, dimension: number): number {
  return encodedLength({ parameters, dimension }) + randomnessValues(parameters);
}

/**
 * What a rotated coordinate is clamped to, before the weight. A rotated update of norm c has coordinates of deviation
 * c / sqrt(m) where m coordinates are mixed, and none beyond c.
 */
export function largestValueOf({ parameters, clippingNorm, dimension }: HeEncoding): number {
  const deviation = clippingNorm / Math.sqrt(rotatedDimension(dimension));
  return Math.min(clippingNorm, DEVIATIONS[parameters.valueBits] * deviation);
}

/** Throws {@link HeError} `bad-parameters` for an encoding that makes no sense. */
export function requireEncoding(encoding: HeEncoding): void {
  const { dimension, clippingNorm, maxExamples, rotationSeed } = encoding;
  const isClip = clippingNorm > 0 && clippingNorm < Number.POSITIVE_INFINITY;
  const areCounts = [dimension, maxExamples].every((n) => Number.isInteger(n) && n >= 1);
  if (isClip && areCounts && rotationSeed.length === 32) return;
  const message = `updates of ${dimension} values, norm ${clippingNorm}, ${maxExamples} examples, a seed of ${rotationSeed.length} bytes cannot be encoded`;
  throw new HeError("bad-parameters", message);
}
