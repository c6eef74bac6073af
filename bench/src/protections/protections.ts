import {
  contentOf,
  decodeSum,
  encodeUpdate,
  layoutOf,
  type Plan,
  type RandomSource,
  scaleBitsFor,
  sha256,
  type Update,
} from "@chorus/aggregation";
import {
  decodeHeSum,
  encodedLength,
  encodeHeUpdate,
  type HeEncoding,
  heParameters,
  type ValueBits,
} from "@chorus/aggregation/he";

/** A way in which the updates of a round become their mean. */
export interface Protection {
  readonly name: string;
  /**
   * The mean of updates, weighted by their examples, as a round with this protection has it. Shape `[dimension]`. `random`
   * decides how values are rounded.
   */
  meanOf(updates: readonly Update[], round: number, random: RandomSource): Float64Array;
}

/** The plain mean, as a federation without protection has it: nothing is clipped, capped or rounded. */
export const plainMean: Protection = {
  name: "none, float32",
  meanOf(updates) {
    const total = updates.reduce((sum, { counts }) => sum + counts.trainingExamples, 0);
    const mean = new Float64Array(updates[0]?.delta.length ?? 0);
    for (const { delta, counts } of updates) {
      const weight = counts.trainingExamples / total;
      for (const [index, value] of delta.entries())
        mean[index] = (mean[index] ?? 0) + weight * value;
    }
    return mean;
  },
};

const nobody = { participantId: "", identityKey: "", nonceCommitment: "" };

/** The integers of a masked round; masks, which cancel, are left out. */
export function maskedMean(plan: Plan, participants: number): Protection {
  const { clippingNorm, maxExamples } = plan.protection;
  const encoding = {
    dimension: layoutOf(plan.model).parameters,
    clippingNorm,
    maxExamples,
    scaleBits: scaleBitsFor(participants, clippingNorm),
    // Only their number matters here.
    cohort: Array.from({ length: participants }, () => nobody),
  };
  return {
    name: "masking",
    meanOf(updates, _round, random) {
      const vectors = updates.map((update) => contentOf(encodeUpdate(update, encoding, random)));
      const sum = vectors.reduce((total, vector) =>
        total.map((word, i) => word + (vector[i] ?? 0)),
      );
      return decodeSum(sum, updates.length, encoding).meanDelta;
    },
  };
}

/** The rotation and the integers of an encrypted round; masks and encryption, which change none of them, are left out. */
export function encryptedMean(plan: Plan, valueBits: ValueBits, participants: number): Protection {
  const { clippingNorm, maxExamples } = plan.protection;
  const dimension = layoutOf(plan.model).parameters;
  const parameters = heParameters(valueBits, participants);
  const encodingOf = (round: number): HeEncoding => {
    const rotationSeed = sha256("chorus/bench/rotation", `${round}`);
    return { parameters, dimension, clippingNorm, maxExamples, rotationSeed };
  };
  return {
    name: `he, ${valueBits} bits`,
    meanOf(updates, round, random) {
      const encoding = encodingOf(round);
      const sums = new Uint32Array(encodedLength(encoding));
      for (const update of updates) {
        const values = encodeHeUpdate(update, encoding, random);
        for (const [index, value] of values.entries()) sums[index] = (sums[index] ?? 0) + value;
      }
      return decodeHeSum(sums, updates.length, encoding).meanDelta;
    },
  };
}
