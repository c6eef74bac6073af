import {
  COUNT_NAMES,
  countsFrom,
  faultOfCounts,
  faultOfSummedCounts,
  type UpdateCounts,
} from "../masking/update-counts.ts";
import { HeError } from "./he-error.ts";
import type { HeParameters } from "./parameters.ts";

const COUNT_BITS = 32;

/** Values that the counts take: each is 32 bits in limbs of `valueBits`, lowest first. 16, 12 or 8. */
export function countValues(parameters: HeParameters): number {
  return COUNT_NAMES.length * limbsOf(parameters);
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
  refuse(faultOfCounts(counts));
  const limbs = limbsOf(parameters);
  for (const [index, name] of COUNT_NAMES.entries()) {
    for (let limb = 0; limb < limbs; limb++) {
      const rest = Math.floor(counts[name] / 2 ** (limb * parameters.valueBits));
      target[index * limbs + limb] = rest % 2 ** parameters.valueBits;
    }
  }
}

/** The counts that summed limbs stand for. Throws {@link HeError} `bad-counts` when more are correct than were evaluated. */
export function readCountLimbs(parameters: HeParameters, sums: Uint32Array): UpdateCounts {
  const limbs = limbsOf(parameters);
  const counts = countsFrom((name) => {
    const first = COUNT_NAMES.indexOf(name) * limbs;
    const ofCount = [...sums.subarray(first, first + limbs)];
    return ofCount.reduceRight((sum, limb) => sum * 2 ** parameters.valueBits + limb, 0);
  });
  refuse(faultOfSummedCounts(counts));
  return counts;
}

function limbsOf({ valueBits }: HeParameters): number {
  return Math.ceil(COUNT_BITS / valueBits);
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new HeError("bad-counts", fault);
}
