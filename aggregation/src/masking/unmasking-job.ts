import type { OpenKernels } from "../kernels/kernels.ts";
import { openFastKernels } from "../kernels/open-kernels.ts";
import { type MaskSeeds, MaskSet } from "./mask-set.ts";

/** A stretch of a masked sum and what takes its masks off: plain data, secret until it has run. */
export interface UnmaskingJob {
  /** Place of the first word in the whole sum. */
  readonly firstWord: number;
  /** Masked; once the job has run, the sum. Shape `[words of the stretch]`. */
  readonly words: Uint32Array;
  /** Wiped once the job has run. */
  readonly masks: MaskSeeds;
}

/** A part of a split job. Nothing else holds its three buffers: they can be transferred to another thread. */
export interface UnmaskingPart extends UnmaskingJob {
  readonly words: Uint32Array<ArrayBuffer>;
}

/** Takes the masks off a job's words, in place, and wipes the job's masks: it runs once. */
export function runUnmasking(
  { firstWord, words, masks }: UnmaskingJob,
  openKernels: OpenKernels = openFastKernels,
): void {
  using streams = MaskSet.fromSeeds(masks);
  wipe(masks);
  streams.applyTo(words, firstWord, openKernels);
}

/**
 * Splits a job into `parts` of which none is more than one word longer than another, in order, and wipes its masks. What
 * the parts' words become is, one after the other, what the job's would have become. `parts`: an integer from 1
 * (RangeError otherwise).
 */
export function splitUnmasking(job: UnmaskingJob, parts: number): UnmaskingPart[] {
  if (!Number.isInteger(parts) || parts < 1) {
    throw new RangeError(`parts is ${parts}, wanted an integer from 1`);
  }
  const cut = (part: number) => Math.floor((job.words.length * part) / parts);
  const split = Array.from({ length: parts }, (_, part) => ({
    firstWord: job.firstWord + cut(part),
    words: new Uint32Array(job.words.subarray(cut(part), cut(part + 1))),
    masks: { added: job.masks.added.slice(), subtracted: job.masks.subtracted.slice() },
  }));
  wipe(job.masks);
  return split;
}

function wipe({ added, subtracted }: MaskSeeds): void {
  added.fill(0);
  subtracted.fill(0);
}
