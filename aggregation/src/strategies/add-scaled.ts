/**
 * target += factor * addend in float64, in index order, in place. Both of shape `[n]`, else RangeError. A kernel: it
 * stands apart from vector.ts as only outer steps need it.
 */
export function addScaled(
  target: Float64Array,
  factor: number,
  addend: Float32Array | Float64Array,
): void {
  if (addend.length !== target.length)
    throw new RangeError(`vector has ${addend.length} values, wanted ${target.length}`);
  for (let i = 0; i < target.length; i++)
    target[i] = (target[i] as number) + factor * (addend[i] as number);
}
