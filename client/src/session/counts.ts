import type { UpdateCounts } from "@chorus/aggregation";
import type { Evaluation, LocalUpdate } from "../trainer.ts";

/** Counts are 32-bit words. */
const LARGEST = 2 ** 32 - 1;

/** What a participant counts beside its update: sums over its examples, so that they add up over participants. */
export function countsOf(update: LocalUpdate, evaluation: Evaluation): UpdateCounts {
  return {
    trainingExamples: update.examples,
    evaluationExamples: evaluation.examples,
    evaluationCorrect: evaluation.correct,
    evaluationLossMillis: lossMillis(evaluation),
  };
}

/** Thousandths of the summed loss; the largest count where it does not fit, as for a model that knows nothing. */
function lossMillis({ examples, meanLoss }: Evaluation): number {
  if (examples === 0) return 0;
  const millis = Math.round(1000 * examples * meanLoss);
  return millis >= 0 && millis <= LARGEST ? millis : LARGEST;
}
