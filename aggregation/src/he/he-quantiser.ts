import { BLOCK_WORDS, type OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import type { DecodedSum, Update } from "../masking/quantiser.ts";
import type { RandomSource } from "../random.ts";
import { dequantiseInto, firstNonFinite, sumOfSquares } from "../vector.ts";
import { countValues, readCountLimbs, writeCountLimbs } from "./count-limbs.ts";
import { HeError } from "./he-error.ts";
import { packValues, unpackSums } from "./lanes.ts";
import type { HeParameters } from "./parameters.ts";
import { moveDown, moveUpInto } from "./value-kernels.ts";

/** How an update becomes small integers. */
export interface HeEncoding {
  readonly parameters: HeParameters;
  /** Parameters of the model. */
  readonly dimension: number;
  /** L2 norm that an update is clipped to. */
  readonly clippingNorm: number;
  /** What each coordinate is clipped to, before the weight: at most the clipping norm, and far less for few bits. */
  readonly largestValue: number;
  /** Examples from which on an update weighs no more. */
  readonly maxExamples: number;
}

/** Values that an update is encoded as: the model's, then the counts. */
export function encodedLength({ parameters, dimension }: HeEncoding): number {
  return dimension + countValues(parameters);
}

/**
 * An update as coefficients, shape `[chunks, CHUNK_WORDS]`: clipped to an L2 norm of `clippingNorm` and each coordinate
 * to ±`largestValue`, times its weight min(trainingExamples, maxExamples) / maxExamples, rounded without bias to one of
 * the 2^valueBits - 1 multiples of the quantum, and moved up to be unsigned; then counts. `random` decides the rounding
 * and must be secret in production. Throws {@link HeError} `wrong-dimension`, `non-finite` naming the index, `bad-counts`,
 * `bad-parameters`.
 */
export function encodeHeUpdate(
  { delta, counts }: Update,
  encoding: HeEncoding,
  random: RandomSource,
  openKernels: OpenKernels = openFastKernels,
): Uint32Array {
  requireEncoding(encoding);
  const { parameters, dimension, clippingNorm, largestValue, maxExamples } = encoding;
  const norm = l2Norm(delta, dimension);
  const capped = Math.min(counts.trainingExamples, maxExamples);
  const values = new Uint16Array(encodedLength(encoding));
  const countLimbs = values.subarray(dimension);
  writeCountLimbs(parameters, countLimbs, { ...counts, trainingExamples: capped });
  const clip = norm > clippingNorm ? clippingNorm / norm : 1;
  const weight = capped / maxExamples;
  const limit = limitOf(parameters);
  const factor = (weight * clip * limit) / largestValue;
  // A coordinate beyond ±largestValue weighs no more than one at the edge, rounded up.
  const rounding = { factor, limit: Math.ceil(limit * weight) };
  const drawn = new Uint32Array(Math.min(BLOCK_WORDS, dimension));
  using kernels = openKernels();
  for (let offset = 0; offset < dimension; offset += BLOCK_WORDS) {
    const block = delta.subarray(offset, offset + BLOCK_WORDS);
    const integers = drawn.subarray(0, block.length);
    kernels.quantise(integers, block, rounding, random);
    moveUpInto(values.subarray(offset, offset + block.length), integers, limit + 1);
  }
  drawn.fill(0);
  const coefficients = packValues(parameters, values);
  values.fill(0);
  return coefficients;
}

/**
 * What the sum of `survivors` updates' coefficients stands for, see {@link encodeHeUpdate}. Throws {@link HeError} as
 * `unpackSums`, `overflow` for a value that so many updates cannot add up to, `bad-counts`, `no-examples` when all weights
 * are zero.
 */
export function decodeHeSum(
  coefficients: Uint32Array,
  survivors: number,
  encoding: HeEncoding,
): DecodedSum {
  requireEncoding(encoding);
  const { parameters, dimension, largestValue, maxExamples } = encoding;
  const sums = unpackSums(parameters, coefficients, encodedLength(encoding), survivors);
  const counts = readCountLimbs(parameters, sums.subarray(dimension));
  const { trainingExamples } = counts;
  if (trainingExamples > survivors * maxExamples) {
    const message = `${survivors} updates have ${trainingExamples} examples, wanted at most ${maxExamples} each`;
    throw new HeError("bad-counts", message);
  }
  if (trainingExamples === 0) {
    throw new HeError("no-examples", `${survivors} updates have no training example`);
  }
  const limit = limitOf(parameters);
  const divisor = ((trainingExamples / maxExamples) * limit) / largestValue;
  const values = sums.subarray(0, dimension);
  moveDown(values, survivors * (limit + 1));
  const meanDelta = new Float64Array(dimension);
  dequantiseInto(meanDelta, values, divisor);
  return { meanDelta, counts };
}

/** The largest quantised magnitude: 127, 16383 or 32767. */
function limitOf({ valueBits }: HeParameters): number {
  return 2 ** (valueBits - 1) - 1;
}

function requireEncoding({ dimension, clippingNorm, largestValue, maxExamples }: HeEncoding): void {
  const areInRange = largestValue > 0 && largestValue <= clippingNorm && clippingNorm < Infinity;
  if (areInRange && [dimension, maxExamples].every((n) => Number.isInteger(n) && n >= 1)) return;
  const message = `updates of ${dimension} values to ${largestValue}, norm ${clippingNorm}, ${maxExamples} examples cannot be encoded`;
  throw new HeError("bad-parameters", message);
}

/** Throws {@link HeError} `wrong-dimension`, `non-finite`. */
function l2Norm(delta: Float32Array, dimension: number): number {
  if (delta.length !== dimension) {
    const message = `update has ${delta.length} values, the model ${dimension}`;
    throw new HeError("wrong-dimension", message);
  }
  const squares = sumOfSquares(delta);
  if (!Number.isFinite(squares)) {
    const index = firstNonFinite(delta);
    throw new HeError("non-finite", `update[${index}] is ${delta[index]}, wanted a number`);
  }
  return Math.sqrt(squares);
}
