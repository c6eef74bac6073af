// biome-ignore-all lint/style/noNonNullAssertion: kernels over typed arrays, whose lengths are checked at the door.
/**
 * Kernels over coefficients: integers of 64 bits, each as two words, the lower one first, which is how SEAL stores them.
 * Shape `[words]`, an even number. All are public in shape and secret in content; time does not depend on the content.
 */

/** target += addend in Z_2^64, coefficient by coefficient, in place. */
export function addCoefficients(target: Uint32Array, addend: Uint32Array): void {
  requireWords("addend", addend, target.length);
  const [sum, term] = [signed(target), signed(addend)];
  for (let i = 0; i < sum.length; i += 2) {
    const a = sum[i]!;
    const b = term[i]!;
    const low = (a + b) | 0;
    const carry = ((a & b) | ((a | b) & ~low)) >>> 31;
    sum[i] = low;
    sum[i + 1] = (sum[i + 1]! + term[i + 1]! + carry) | 0;
  }
}

/** target -= subtrahend in Z_2^64, coefficient by coefficient, in place. */
export function subtractCoefficients(target: Uint32Array, subtrahend: Uint32Array): void {
  requireWords("subtrahend", subtrahend, target.length);
  const [rest, term] = [signed(target), signed(subtrahend)];
  for (let i = 0; i < rest.length; i += 2) {
    const a = rest[i]!;
    const b = term[i]!;
    const low = (a - b) | 0;
    const borrow = ((~a & b) | ((~a | b) & low)) >>> 31;
    rest[i] = low;
    rest[i + 1] = (rest[i + 1]! - term[i + 1]! - borrow) | 0;
  }
}

/** Reduces coefficients modulo 2^bits, in place. `bits`: 33 to 63. */
export function reduceCoefficients(target: Uint32Array, bits: number): void {
  const mask = 2 ** (bits - 32) - 1;
  for (let i = 1; i < target.length; i += 2) target[i] = target[i]! & mask;
}

/** Whether every coefficient is below 2^bits. `bits`: 33 to 63. */
export function areBelow(coefficients: Uint32Array, bits: number): boolean {
  let over = 0;
  for (let i = 1; i < coefficients.length; i += 2) over |= coefficients[i]! >>> (bits - 32);
  return over === 0;
}

/**
 * Writes a value into each coefficient, from bit `shift` on (0 to 63), where there are zeros. `values`: shape
 * `[coefficients]`, or fewer.
 */
export function putLane(coefficients: Uint32Array, values: Uint16Array, shift: number): void {
  requireAtMost("values", values.length, coefficients.length / 2);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (shift < 32) coefficients[2 * i]! |= value << shift;
    if (shift >= 32) coefficients[2 * i + 1]! |= value << (shift - 32);
    else if (shift > 16) coefficients[2 * i + 1]! |= value >>> (32 - shift);
  }
}

/** Reads `bits` (1 to 31) of each coefficient, from bit `shift` on. `target`: shape `[coefficients]`, or fewer. */
export function takeLane(
  target: Uint32Array,
  coefficients: Uint32Array,
  shift: number,
  bits: number,
): void {
  requireAtMost("target", target.length, coefficients.length / 2);
  const mask = 2 ** bits - 1;
  for (let i = 0; i < target.length; i++) {
    const low = coefficients[2 * i]!;
    const high = coefficients[2 * i + 1]!;
    // Shifted by one bit and the rest, as a shift by 32 is none.
    const word =
      shift < 32 ? (low >>> shift) | ((high << 1) << (31 - shift)) : high >>> (shift - 32);
    target[i] = word & mask;
  }
}

function requireWords(what: string, words: Uint32Array, wanted: number): void {
  if (words.length !== wanted || wanted % 2 !== 0) {
    throw new RangeError(`${what} has ${words.length} words, wanted ${wanted}, an even number`);
  }
}

function requireAtMost(what: string, got: number, most: number): void {
  if (got > most) throw new RangeError(`${what} has ${got} values, wanted at most ${most}`);
}

/** The same words as signed integers, which V8 adds without leaving int32. */
function signed(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}
