import { BLOCK_WORDS, type OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import { excessOf } from "../masking/mean-norm.ts";
import type { DecodedSum, Update } from "../masking/quantiser.ts";
import type { RandomSource } from "../random.ts";
import { dequantiseInto, firstNonFinite, sumOfSquares } from "../vector.ts";
import { readCountLimbs, writeCountLimbs } from "./count-limbs.ts";
import { encodedLength, type HeEncoding, largestValueOf, requireEncoding } from "./he-encoding.ts";
import { HeError } from "./he-error.ts";
import type { HeParameters } from "./parameters.ts";
import { rotate, rotateBack } from "./rotation.ts";
import { scale } from "./rotation-kernels.ts";
import { moveDown, moveUpInto } from "./value-kernels.ts";

/**
 * An update as values below 2^valueBits, shape `[encodedLength]`: clipped to an L2 norm of `clippingNorm`, rotated, each
 * coordinate clamped to ±`largestValueOf`, times its weight min(trainingExamples, maxExamples) / maxExamples, rounded
 * without bias to one of the 2^valueBits - 1 multiples of the quantum, and moved up to be unsigned; then counts. `random`
 * decides the rounding and must be secret in production. Throws {@link HeError} `wrong-dimension`, `non-finite` naming the
 * index, `bad-counts`, `bad-parameters`.
 */
export function encodeHeUpdate(
  { delta, counts }: Update,
  encoding: HeEncoding,
  random: RandomSource,
  openKernels: OpenKernels = openFastKernels,
): Uint16Array {
  requireEncoding(encoding);
  const { parameters, dimension, clippingNorm, maxExamples, rotationSeed } = encoding;
  const norm = l2Norm(delta, dimension);
  const capped = Math.min(counts.trainingExamples, maxExamples);
  const values = new Uint16Array(encodedLength(encoding));
  const countLimbs = values.subarray(dimension);
  writeCountLimbs(parameters, countLimbs, { ...counts, trainingExamples: capped });
  const weight = capped / maxExamples;
  const limit = limitOf(parameters);
  const factor = (weight * limit) / largestValueOf(encoding);
  // A coordinate that is clamped weighs no more than one at the edge, rounded up.
  const rounding = { factor, limit: Math.ceil(limit * weight) };
  const rotated = delta.slice();
  // Clipped first: a transform of the longest vectors that there are leaves float32.
  if (norm > clippingNorm) scale(rotated, clippingNorm / norm);
  rotate(rotated, rotationSeed);
  const drawn = new Uint32Array(Math.min(BLOCK_WORDS, dimension));
  using kernels = openKernels();
  for (let offset = 0; offset < dimension; offset += BLOCK_WORDS) {
    const block = rotated.subarray(offset, offset + BLOCK_WORDS);
    const integers = drawn.subarray(0, block.length);
    kernels.quantise(integers, block, rounding, random);
    moveUpInto(values.subarray(offset, offset + block.length), integers, limit + 1);
  }
  for (const secret of [rotated, drawn]) secret.fill(0);
  return values;
}

/**
 * What the sums of `survivors` updates' values stand for, see {@link encodeHeUpdate}: the same bits on every machine.
 * `sums`: shape `[encodedLength]`; what is behind is not looked at. Throws {@link HeError} `wrong-length`, `bad-counts`,
 * `no-examples` when all weights are zero, `overflow` for a mean longer than clipped updates have.
 */
export function decodeHeSum(
  sums: Uint32Array,
  survivors: number,
  encoding: HeEncoding,
): DecodedSum {
  requireEncoding(encoding);
  const { parameters, dimension, maxExamples, rotationSeed } = encoding;
  const length = encodedLength(encoding);
  if (sums.length < length) {
    throw new HeError("wrong-length", `sum has ${sums.length} values, wanted ${length}`);
  }
  const counts = readCountLimbs(parameters, sums.subarray(dimension, length));
  const { trainingExamples } = counts;
  if (trainingExamples > survivors * maxExamples) {
    const message = `${survivors} updates have ${trainingExamples} examples, wanted at most ${maxExamples} each`;
    throw new HeError("bad-counts", message);
  }
  if (trainingExamples === 0) {
    throw new HeError("no-examples", `${survivors} updates have no training example`);
  }
  const limit = limitOf(parameters);
  const weight = trainingExamples / maxExamples;
  const divisor = (weight * limit) / largestValueOf(encoding);
  const values = sums.slice(0, dimension);
  moveDown(values, survivors * (limit + 1));
  const meanDelta = new Float64Array(dimension);
  dequantiseInto(meanDelta, values, divisor);
  rotateBack(meanDelta, rotationSeed);
  const quantum = largestValueOf(encoding) / limit;
  const { clippingNorm } = encoding;
  const excess = excessOf(meanDelta, { survivors, clippingNorm, quantum, weight });
  if (excess !== undefined) throw new HeError("overflow", `mean of the updates has ${excess}`);
  return { meanDelta, counts };
}

/** The largest quantised magnitude: 127, 16383 or 32767. */
function limitOf({ valueBits }: HeParameters): number {
  return 2 ** (valueBits - 1) - 1;
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
