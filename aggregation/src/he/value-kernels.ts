// biome-ignore-all lint/style/noNonNullAssertion: kernels over typed arrays, whose lengths are checked at the door.
/** Kernels over quantised values and their sums: indexed loops, as callbacks over a million values cost 50 to 100 ms each. */

/** target = integers (two's complement) + offset, in 16 bits. Both of shape `[n]`. */
export function moveUpInto(target: Uint16Array, integers: Uint32Array, offset: number): void {
  if (target.length !== integers.length) {
    throw new RangeError(`target has ${target.length} values, wanted ${integers.length}`);
  }
  for (let i = 0; i < target.length; i++) target[i] = integers[i]! + offset;
}

/** words -= offset in Z_2^32, in place. */
export function moveDown(words: Uint32Array, offset: number): void {
  for (let i = 0; i < words.length; i++) words[i] = words[i]! - offset;
}

/** Index of the first value that is more than `most`, -1 when there is none. */
export function firstBeyond(values: Uint16Array | Uint32Array, most: number): number {
  for (let i = 0; i < values.length; i++) if (values[i]! > most) return i;
  return -1;
}
