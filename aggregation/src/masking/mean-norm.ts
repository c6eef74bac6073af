import { sumOfSquares } from "../vector.ts";

/** What bounds the mean of a round's updates. */
export interface MeanBounds {
  readonly survivors: number;
  /** L2 norm that each update is clipped to. */
  readonly clippingNorm: number;
  /** What one rounded value is a multiple of, for an update of weight 1. */
  readonly quantum: number;
  /** Sum of the survivors' weights, each examples / maxExamples. */
  readonly weight: number;
}

/** Relative: what float32 adds to the norm of a clipped and rotated update is below a third of it. */
const TOLERANCE = 1e-5;

/**
 * Why a mean cannot be one of updates that were clipped, as "norm ..., wanted at most ..."; undefined where it can be. The norm
 * of clipped updates' weighted sum is at most `clippingNorm` times the sum of their weights, and rounding moves each value of
 * each by less than a quantum: so a mean beyond that tells of counts, or of values, that no survivor may claim.
 */
export function excessOf(
  mean: Float64Array,
  { survivors, clippingNorm, quantum, weight }: MeanBounds,
): string | undefined {
  const rounding = (survivors * Math.sqrt(mean.length) * quantum) / weight;
  const most = (clippingNorm + rounding) * (1 + TOLERANCE);
  const norm = Math.sqrt(sumOfSquares(mean));
  return norm <= most ? undefined : `norm ${norm}, wanted at most ${most}`;
}
