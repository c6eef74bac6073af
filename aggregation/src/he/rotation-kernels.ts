// biome-ignore-all lint/style/noNonNullAssertion: kernels over typed arrays, whose lengths are checked at the door.
/** Kernels of rotations. They add, subtract and multiply in one fixed order: the same bits on every machine. */

export type Reals = Float32Array | Float64Array;

/**
 * The Walsh-Hadamard transform, in place, not scaled: the square root of its length too long. Shape `[n]`, n a power of
 * two (RangeError otherwise). Three levels at a time: measured (Node 24), 2^19 values take 5 ms of CPU, level by level 13;
 * where one thread transforms float32 and float64 alike, 10.
 */
export function transform(values: Reals): void {
  const { length } = values;
  if (length === 0 || (length & (length - 1)) !== 0) {
    throw new RangeError(`there are ${length} values, wanted a power of two`);
  }
  let distance = length;
  while (distance >= 8) {
    distance /= 8;
    transformByEights(values, distance);
  }
  while (distance > 1) {
    distance /= 2;
    transformByTwos(values, distance);
  }
}

function transformByTwos(values: Reals, distance: number): void {
  for (let first = 0; first < values.length; first += 2 * distance) {
    for (let i = first; i < first + distance; i++) {
      const a = values[i]!;
      const b = values[i + distance]!;
      values[i] = a + b;
      values[i + distance] = a - b;
    }
  }
}

/** The same for distances 4 d, 2 d and d at once. */
function transformByEights(values: Reals, d: number): void {
  for (let first = 0; first < values.length; first += 8 * d) {
    for (let i = first; i < first + d; i++) {
      const a0 = values[i]!;
      const a1 = values[i + d]!;
      const a2 = values[i + 2 * d]!;
      const a3 = values[i + 3 * d]!;
      const a4 = values[i + 4 * d]!;
      const a5 = values[i + 5 * d]!;
      const a6 = values[i + 6 * d]!;
      const a7 = values[i + 7 * d]!;
      const b0 = a0 + a4;
      const b4 = a0 - a4;
      const b1 = a1 + a5;
      const b5 = a1 - a5;
      const b2 = a2 + a6;
      const b6 = a2 - a6;
      const b3 = a3 + a7;
      const b7 = a3 - a7;
      values[i] = b0 + b2 + (b1 + b3);
      values[i + d] = b0 + b2 - (b1 + b3);
      values[i + 2 * d] = b0 - b2 + (b1 - b3);
      values[i + 3 * d] = b0 - b2 - (b1 - b3);
      values[i + 4 * d] = b4 + b6 + (b5 + b7);
      values[i + 5 * d] = b4 + b6 - (b5 + b7);
      values[i + 6 * d] = b4 - b6 + (b5 - b7);
      values[i + 7 * d] = b4 - b6 - (b5 - b7);
    }
  }
}

/** values *= factor, in place. */
export function scale(values: Reals, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * factor;
}

/**
 * values[i] = -values[i] where bit i of `bits` is set, the lowest bit of the first word first, in place. RangeError for fewer
 * bits than values.
 */
export function flipSigns(values: Reals, bits: Uint32Array): void {
  if (32 * bits.length < values.length) {
    throw new RangeError(`there are ${32 * bits.length} signs for ${values.length} values`);
  }
  for (let i = 0; i < values.length; i++) {
    const bit = (bits[i >>> 5]! >>> (i & 31)) & 1;
    values[i] = values[i]! * (1 - 2 * bit);
  }
}
