import { BLOCK_WORDS, type OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import type { RandomSource } from "../random.ts";
import { dequantiseInto, firstNonFinite, largestMagnitude, sumOfSquares } from "../vector.ts";
import { type MaskedRoundConfig, quantisedLimit } from "./config.ts";
import { MaskingError } from "./error.ts";
import { excessOf } from "./mean-norm.ts";
import type { UpdateCounts } from "./update-counts.ts";
import {
  COUNT_WORDS,
  contentLength,
  contentOf,
  readCounts,
  vectorLength,
  writeCounts,
} from "./update-vector.ts";

/** A participant's update and the counts that go with it. */
export interface Update {
  /** Trained model minus the given one. Shape `[dimension]`. */
  readonly delta: Float32Array;
  readonly counts: UpdateCounts;
}

/** What a round's survivors' updates come to. */
export interface DecodedSum {
  /** Mean of the clipped updates, weighted by examples. Shape `[dimension]`. */
  readonly meanDelta: Float64Array;
  readonly counts: UpdateCounts;
}

/** The part of a configuration that encoding depends on. */
export type UpdateEncoding = Pick<
  MaskedRoundConfig,
  "dimension" | "scaleBits" | "clippingNorm" | "maxExamples" | "cohort"
>;

/**
 * An update as the vector that is masked: clipped to an L2 norm of `clippingNorm`, times its weight
 * min(trainingExamples, maxExamples) / maxExamples, times 2^scaleBits, rounded to an integer without bias, then counts,
 * then zeros where masking puts the commitment's randomness. Shape `[vectorLength(dimension)]`. `random` decides the
 * rounding and must be secret in production. Throws {@link MaskingError} `wrong-dimension`, `non-finite` naming the index,
 * `bad-counts`.
 */
export function encodeUpdate(
  { delta, counts }: Update,
  config: UpdateEncoding,
  random: RandomSource,
  openKernels: OpenKernels = openFastKernels,
): Uint32Array {
  const norm = l2Norm(delta, config.dimension);
  const capped = Math.min(counts.trainingExamples, config.maxExamples);
  const vector = new Uint32Array(vectorLength(config.dimension));
  writeCounts(contentOf(vector).subarray(-COUNT_WORDS), { ...counts, trainingExamples: capped });
  const clip = norm > config.clippingNorm ? config.clippingNorm / norm : 1;
  const factor = (capped / config.maxExamples) * clip * 2 ** config.scaleBits;
  const limit = quantisedLimit(config.clippingNorm, config.scaleBits);
  using kernels = openKernels();
  for (let offset = 0; offset < delta.length; offset += BLOCK_WORDS) {
    const values = delta.subarray(offset, offset + BLOCK_WORDS);
    const target = vector.subarray(offset, offset + values.length);
    kernels.quantise(target, values, { factor, limit }, random);
  }
  return vector;
}

/**
 * What `survivors` encoded updates' sum in Z_2^32 stands for. `sum`: shape `[contentLength(dimension)]`. Throws
 * {@link MaskingError} `wrong-dimension`; `overflow` for a value, and `bad-counts` for a count, that so many updates
 * cannot add up to, and `overflow` for a mean longer than clipped updates have; `no-examples` when all weights are zero.
 */
export function decodeSum(sum: Uint32Array, survivors: number, config: UpdateEncoding): DecodedSum {
  requireSum(sum, survivors, config);
  const counts = readCounts(sum.subarray(-COUNT_WORDS), survivors);
  const { trainingExamples } = counts;
  if (trainingExamples > survivors * config.maxExamples) {
    const message = `${survivors} updates have ${trainingExamples} examples, wanted at most ${config.maxExamples} each`;
    throw new MaskingError("bad-counts", message);
  }
  if (trainingExamples === 0) {
    throw new MaskingError("no-examples", `${survivors} updates have no training example`);
  }
  const weight = trainingExamples / config.maxExamples;
  const meanDelta = new Float64Array(config.dimension);
  dequantiseInto(meanDelta, sum.subarray(0, config.dimension), weight * 2 ** config.scaleBits);
  const { clippingNorm, scaleBits } = config;
  const bounds = { survivors, clippingNorm, quantum: 2 ** -scaleBits, weight };
  const excess = excessOf(meanDelta, bounds);
  if (excess !== undefined) throw new MaskingError("overflow", `mean of the updates has ${excess}`);
  return { meanDelta, counts };
}

/** Throws {@link MaskingError} `wrong-dimension`, `non-finite`. */
function l2Norm(delta: Float32Array, dimension: number): number {
  if (delta.length !== dimension) {
    const message = `update has ${delta.length} values, the model ${dimension}`;
    throw new MaskingError("wrong-dimension", message);
  }
  // Squares of 2^28 float32 values stay below 2^284: only a value that is not finite makes the sum so.
  const squares = sumOfSquares(delta);
  if (!Number.isFinite(squares)) {
    const index = firstNonFinite(delta);
    throw new MaskingError("non-finite", `update[${index}] is ${delta[index]}, wanted a number`);
  }
  return Math.sqrt(squares);
}

function requireSum(sum: Uint32Array, survivors: number, config: UpdateEncoding): void {
  const wanted = contentLength(config.dimension);
  if (sum.length !== wanted) {
    throw new MaskingError("wrong-dimension", `sum has ${sum.length} words, wanted ${wanted}`);
  }
  if (!Number.isInteger(survivors) || survivors < 1 || survivors > config.cohort.length) {
    throw new RangeError(`survivors is ${survivors}, wanted 1 to ${config.cohort.length}`);
  }
  const limit = survivors * quantisedLimit(config.clippingNorm, config.scaleBits);
  const largest = largestMagnitude(sum.subarray(0, config.dimension));
  if (largest > limit) {
    throw new MaskingError("overflow", `sum reaches ${largest}, ${survivors} updates ${limit}`);
  }
}
