import { scaleBitsFor } from "../masking/config.ts";
import type { Protection } from "../plan/plan.ts";

/** What decides how exact a sum is. */
export interface SummedRound {
  /** Participants of the round. */
  readonly cohort: number;
  readonly survivors: number;
  /** Rows of the survivors, each site's at most the plan's `maxExamples`; above 0. */
  readonly trainingExamples: number;
}

/** Half a unit in the last place of a float32 of at most 1. */
const FLOAT32 = 2 ** -25;

/**
 * What no parameter of a statistics run's model is off by more than, in units of the column's range: every survivor rounds to
 * the grid once, by less than 2^-scaleBits times maxExamples rows, and what it rounds is a float32 as what comes out is.
 */
export function statisticsError(
  { cohort, survivors, trainingExamples }: SummedRound,
  { clippingNorm, maxExamples }: Protection,
): number {
  const grid = 2 ** -scaleBitsFor(cohort, clippingNorm);
  return (survivors * grid * maxExamples) / trainingExamples + 2 * FLOAT32;
}
