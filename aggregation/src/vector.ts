/**
 * Kernels over flat typed arrays: indexed loops, in place, lengths checked once at the door (RangeError).
 * Ring vectors are Uint32Array: addition wraps modulo 2^32, which is the group that masks live in.
 */

/** target += addend in Z_2^32, in place. Both of shape `[n]`. */
export function addRing(target: Uint32Array, addend: Uint32Array): void {
  const [sum, term] = [signed(target), sameLength(target, signed(addend))];
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i]! + term[i]!) | 0;
}

/** target -= subtrahend in Z_2^32, in place. Both of shape `[n]`. */
export function subtractRing(target: Uint32Array, subtrahend: Uint32Array): void {
  const [sum, term] = [signed(target), sameLength(target, signed(subtrahend))];
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i]! - term[i]!) | 0;
}

/** Sum of squares, accumulated in float64 in index order. */
export function sumOfSquares(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

/** Index of the first NaN or infinity, -1 when every value is finite. */
export function firstNonFinite(values: Float32Array | Float64Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return i;
  return -1;
}

/**
 * target[i] = values[i] * factor, clamped to ±limit (an integer up to 2^31 - 1), rounded to a neighbouring integer, up
 * with a probability equal to the fraction (exact to 2^-32), as two's complement. `random`: one uniform 32-bit word for
 * each value. All of shape `[n]`. The fraction is compared with the random word: adding a random number before rounding
 * down would be biased.
 */
export function quantiseInto(
  target: Uint32Array,
  values: Float32Array,
  factor: number,
  limit: number,
  random: Uint32Array,
): void {
  const out = signed(sameLength(values, target));
  sameLength(values, random);
  for (let i = 0; i < values.length; i++) {
    const exact = Math.max(-limit, Math.min(limit, values[i]! * factor));
    const floor = Math.floor(exact);
    out[i] = floor + (random[i]! < (exact - floor) * 4294967296 ? 1 : 0);
  }
}

/** target[i] = words[i], read as two's complement, / divisor. Both of shape `[n]`. */
export function dequantiseInto(target: Float64Array, words: Uint32Array, divisor: number): void {
  const values = signed(sameLength(target, words));
  for (let i = 0; i < values.length; i++) target[i] = values[i]! / divisor;
}

/** The largest absolute value, words read as two's complement; 0 for no words. */
export function largestMagnitude(words: Uint32Array): number {
  const values = signed(words);
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}

/**
 * target = target * scalar + addend over GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (0x11b), byte by byte, four bytes to a
 * word, in place. `scalar`: 0 to 255 and public (time depends on it); time does not depend on target or addend.
 */
export function multiplyAddGf256(target: Uint32Array, scalar: number, addend: Uint32Array): void {
  sameLength(target, addend);
  for (let i = 0; i < target.length; i++) {
    target[i] = multiplyGf256(target[i]!, scalar) ^ addend[i]!;
  }
}

/** Each of a word's four bytes times `scalar` (0 to 255) in GF(2^8) modulo 0x11b. */
export function multiplyGf256(word: number, scalar: number): number {
  let power = word;
  let product = 0;
  for (let bits = scalar; bits > 0; bits >>>= 1) {
    if (bits & 1) product ^= power;
    power = ((power & 0x7f7f7f7f) << 1) ^ (((power >>> 7) & 0x01010101) * 0x1b);
  }
  return product;
}

/** The little-endian bytes of a vector: a view, not a copy. A big-endian machine is refused with an Error. */
export function bytesOfWords(words: Uint32Array): Uint8Array {
  requireLittleEndian();
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/**
 * The words that little-endian bytes stand for: a view where the bytes are aligned, else a copy. RangeError unless their
 * number is a multiple of four; a big-endian machine is refused with an Error.
 */
export function wordsOfBytes(bytes: Uint8Array): Uint32Array {
  requireLittleEndian();
  if (bytes.length % 4 !== 0) {
    throw new RangeError(`${bytes.length} bytes, wanted a multiple of four`);
  }
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

/** The same words as signed integers: V8 keeps int32 sums in registers, uint32 sums become float64 (measured 2-4x). */
function signed(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}

function sameLength<T extends { readonly length: number }>(
  wanted: { readonly length: number },
  vector: T,
): T {
  if (vector.length !== wanted.length) {
    throw new RangeError(`vector has ${vector.length} values, wanted ${wanted.length}`);
  }
  return vector;
}

/** Looked at once: shares are turned into words hundreds of thousands of times in a round of a hundred. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

function requireLittleEndian(): void {
  if (!IS_LITTLE_ENDIAN) {
    throw new Error("this machine is big-endian; masked vectors are little-endian");
  }
}
