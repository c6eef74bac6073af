import type { UpdateCounts } from "../masking/update-vector.ts";
import { HeError } from "./he-error.ts";
import type { HeParameters } from "./parameters.ts";

/** Order of the counts behind an update's values. */
const COUNTS = [
  "trainingExamples",
  "evaluationExamples",
  "evaluationCorrect",
  "evaluationLossMillis",
] as const satisfies readonly (keyof UpdateCounts)[];

const COUNT_BITS = 32;

/** Values that the counts take: each is 32 bits in limbs of `valueBits`, lowest first. 16, 12 or 8. */
export function countValues(parameters: HeParameters): number {
  return COUNTS.length * limbsOf(parameters);
}

/**
 * Counts as limbs. `target`: shape `[countValues(parameters)]`. Throws {@link HeError} `bad-counts` unless every count is an
 * integer from 0 to 2^32 - 1 and no more are correct than were evaluated.
 */
export function writeCountLimbs(
  parameters: HeParameters,
  target: Uint16Array,
  counts: UpdateCounts,
): void {
  const limbs = limbsOf(parameters);
  for (const [index, name] of COUNTS.entries()) {
    const count = counts[name];
    if (!Number.isInteger(count) || count < 0 || count >= 2 ** COUNT_BITS) {
      throw new HeError("bad-counts", `${name} is ${count}, wanted 0 to 2^32 - 1`);
    }
    for (let limb = 0; limb < limbs; limb++) {
      const rest = Math.floor(count / 2 ** (limb * parameters.valueBits));
      target[index * limbs + limb] = rest % 2 ** parameters.valueBits;
    }
  }
  requireCorrectWithinEvaluated(counts);
}

/** The counts that summed limbs stand for. Throws {@link HeError} `bad-counts` when more are correct than were evaluated. */
export function readCountLimbs(parameters: HeParameters, sums: Uint32Array): UpdateCounts {
  const limbs = limbsOf(parameters);
  const sumOf = (name: (typeof COUNTS)[number]) => {
    const first = COUNTS.indexOf(name) * limbs;
    const ofCount = [...sums.subarray(first, first + limbs)];
    return ofCount.reduceRight((sum, limb) => sum * 2 ** parameters.valueBits + limb, 0);
  };
  const counts = {
    trainingExamples: sumOf("trainingExamples"),
    evaluationExamples: sumOf("evaluationExamples"),
    evaluationCorrect: sumOf("evaluationCorrect"),
    evaluationLossMillis: sumOf("evaluationLossMillis"),
  };
  requireCorrectWithinEvaluated(counts);
  return counts;
}

function limbsOf({ valueBits }: HeParameters): number {
  return Math.ceil(COUNT_BITS / valueBits);
}

function requireCorrectWithinEvaluated(counts: UpdateCounts): void {
  const { evaluationCorrect, evaluationExamples } = counts;
  if (evaluationCorrect > evaluationExamples) {
    const message = `${evaluationCorrect} are correct of ${evaluationExamples} that were evaluated`;
    throw new HeError("bad-counts", message);
  }
}
