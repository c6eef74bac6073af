/** What a step on so many examples took, in CPU milliseconds. */
export interface SizedStep {
  readonly examples: number;
  readonly ms: number;
}

/**
 * CPU milliseconds of a step on `examples` examples, on the line through two steps of different sizes: what a step takes
 * whatever its size is counted once. At least what the larger one took, as noise could make a line that falls.
 */
export function extrapolatedMs(few: SizedStep, more: SizedStep, examples: number): number {
  const msAnExample = (more.ms - few.ms) / (more.examples - few.examples);
  return Math.max(more.ms, more.ms + msAnExample * (examples - more.examples));
}
