/**
 * Arithmetic on blocks of masked vectors, four words at a time (AssemblyScript with SIMD). `npm run kernels -w aggregation`
 * compiles it into src/kernels/generated; src/kernels/plain-kernels.ts does the same in TypeScript. Addresses are
 * multiples of 16. Counts of words are rounded up to a multiple of 16: what lies behind a block's end is overwritten.
 */

/** Bytes that adding and subtracting take in one turn: four vectors of four words. */
const STEP: usize = 64;

/** target += addend in Z_2^32. Both of shape `[words]`. */
export function add(target: usize, addend: usize, words: usize): void {
  const end = target + (words << 2);
  for (; target < end; target += STEP, addend += STEP) {
    addVector(target, addend);
    addVector(target + 16, addend + 16);
    addVector(target + 32, addend + 32);
    addVector(target + 48, addend + 48);
  }
}

/** target -= subtrahend in Z_2^32. Both of shape `[words]`. */
export function subtract(target: usize, subtrahend: usize, words: usize): void {
  const end = target + (words << 2);
  for (; target < end; target += STEP, subtrahend += STEP) {
    subtractVector(target, subtrahend);
    subtractVector(target + 16, subtrahend + 16);
    subtractVector(target + 32, subtrahend + 32);
    subtractVector(target + 48, subtrahend + 48);
  }
}

/**
 * target = values * factor, clamped to ±limit, rounded to a neighbouring integer: up where the random word is below the
 * fraction times 2^32. In float64 throughout. `values`: float32; `random`: uint32; all of shape `[words]`.
 */
export function quantise(
  target: usize,
  values: usize,
  random: usize,
  words: usize,
  factor: f64,
  limit: f64,
): void {
  const end = target + (words << 2);
  for (; target < end; target += 16, values += 16, random += 16) {
    const exact = v128.load(values);
    const drawn = v128.load(random);
    const first = rounded(exact, drawn, factor, limit);
    const second = rounded(upperHalf(exact), upperHalf(drawn), factor, limit);
    // The lower 32 bits of each of the four float64 values.
    v128.store(target, v128.shuffle<u32>(first, second, 0, 2, 4, 6));
  }
}

/** The two float32 values in the lower half, as two float64 values whose lower 32 bits are the integers. */
function rounded(values: v128, random: v128, factor: f64, limit: f64): v128 {
  const scaled = f64x2.mul(f64x2.promote_low_f32x4(values), f64x2.splat(factor));
  const exact = f64x2.pmax(f64x2.pmin(scaled, f64x2.splat(limit)), f64x2.splat(-limit));
  const floor = f64x2.floor(exact);
  const fraction = f64x2.mul(f64x2.sub(exact, floor), f64x2.splat(4294967296.0));
  const isUp = f64x2.lt(f64x2.convert_low_i32x4_u(random), fraction);
  const integer = f64x2.add(floor, v128.and(isUp, f64x2.splat(1.0)));
  // 2^52 + 2^51 leaves no bit below one, so that the significand ends in the integer's two's complement.
  return f64x2.add(integer, f64x2.splat(6755399441055744.0));
}

function upperHalf(vector: v128): v128 {
  return v128.shuffle<u64>(vector, vector, 1, 0);
}

function addVector(target: usize, addend: usize): void {
  v128.store(target, i32x4.add(v128.load(target), v128.load(addend)));
}

function subtractVector(target: usize, subtrahend: usize): void {
  v128.store(target, i32x4.sub(v128.load(target), v128.load(subtrahend)));
}
