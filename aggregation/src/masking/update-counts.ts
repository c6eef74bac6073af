/** Whole numbers that ride beside an update, so that the coordinator learns only their sums. */
export interface UpdateCounts {
  /** The update's weight. In a sum, and in a vector: each update's, at most the configuration's `maxExamples`. */
  readonly trainingExamples: number;
  readonly evaluationExamples: number;
  /** Of these, the correctly classified ones. */
  readonly evaluationCorrect: number;
  /** Thousandths of the loss, summed over the evaluation examples. */
  readonly evaluationLossMillis: number;
}

export type CountName = keyof UpdateCounts;

/** Order in which counts are written. */
export const COUNT_NAMES: readonly CountName[] = [
  "trainingExamples",
  "evaluationExamples",
  "evaluationCorrect",
  "evaluationLossMillis",
];

const LARGEST_COUNT = 2 ** 32 - 1;

/** Each count as `countOf` has it. */
export function countsFrom(countOf: (name: CountName) => number): UpdateCounts {
  return {
    trainingExamples: countOf("trainingExamples"),
    evaluationExamples: countOf("evaluationExamples"),
    evaluationCorrect: countOf("evaluationCorrect"),
    evaluationLossMillis: countOf("evaluationLossMillis"),
  };
}

/**
 * Why no update can have these counts; undefined when one can: all are integers from 0 to 2^32 - 1, and no more are correct than
 * were evaluated.
 */
export function faultOfCounts(counts: UpdateCounts): string | undefined {
  const odd = COUNT_NAMES.find((name) => {
    const count = counts[name];
    return !Number.isInteger(count) || count < 0 || count > LARGEST_COUNT;
  });
  if (odd !== undefined) return `${odd} is ${counts[odd]}, wanted 0 to 2^32 - 1`;
  return faultOfSummedCounts(counts);
}

/** Why no sum of updates can have these counts: more are correct than were evaluated. undefined when one can. */
export function faultOfSummedCounts({
  evaluationCorrect,
  evaluationExamples,
}: UpdateCounts): string | undefined {
  return evaluationCorrect > evaluationExamples
    ? `${evaluationCorrect} are correct of ${evaluationExamples} that were evaluated`
    : undefined;
}
