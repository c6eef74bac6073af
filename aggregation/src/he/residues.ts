// biome-ignore-all lint/style/noNonNullAssertion: kernels over typed arrays, whose lengths are checked at the door.
import { DEGREE, MODULUS } from "./parameters.ts";

/**
 * Kernels over polynomials of ciphertexts: 2048 residues modulo {@link MODULUS}, each as two words, the lower one first;
 * packed, as 54 bits each, lowest bit first.
 */

/** Words of a polynomial. */
export const POLYNOMIAL_WORDS: number = 2 * DEGREE;

/** Bits of a residue. */
const RESIDUE_BITS = 54;

/** Words of a packed polynomial: 3456. */
export const PACKED_WORDS: number = (DEGREE * RESIDUE_BITS) / 32;

const MODULUS_LOW = Number(MODULUS % 2n ** 32n);
/** The same 32 bits as an int32. */
const MODULUS_LOW_SIGNED = MODULUS_LOW | 0;
const MODULUS_HIGH = Number(MODULUS / 2n ** 32n);
const HIGH_MASK = 2 ** (RESIDUE_BITS - 32) - 1;

/** A polynomial's residues in 54 bits each. Shapes `[POLYNOMIAL_WORDS]` and `[PACKED_WORDS]`. */
export function packResidues(residues: Uint32Array): Uint32Array {
  requireLength(residues, POLYNOMIAL_WORDS);
  // One word more than there are: the last residue writes no bit to it.
  const packed = new Uint32Array(PACKED_WORDS + 1);
  for (let i = 0; i < DEGREE; i++) {
    const low = residues[2 * i]!;
    const high = residues[2 * i + 1]!;
    const word = (RESIDUE_BITS * i) >>> 5;
    const shift = (RESIDUE_BITS * i) & 31;
    packed[word]! |= low << shift;
    // Shifted by one bit and the rest, as a shift by 32 is none.
    packed[word + 1]! |= ((low >>> 1) >>> (31 - shift)) | (high << shift);
    packed[word + 2]! |= (high >>> 1) >>> (31 - shift);
  }
  return packed.subarray(0, PACKED_WORDS);
}

/**
 * Writes the residues that {@link packResidues} packed to `target`, and says whether all are below the modulus. Shapes
 * `[POLYNOMIAL_WORDS]` and `[PACKED_WORDS]`.
 */
export function unpackResidues(target: Uint32Array, packed: Uint32Array): boolean {
  requireLength(target, POLYNOMIAL_WORDS);
  requireLength(packed, PACKED_WORDS);
  let areBelow = true;
  for (let i = 0; i < DEGREE; i++) {
    const word = (RESIDUE_BITS * i) >>> 5;
    const shift = (RESIDUE_BITS * i) & 31;
    const second = packed[word + 1]!;
    // Nothing of what would stand behind the last word is kept.
    const third = word + 2 < PACKED_WORDS ? packed[word + 2]! : 0;
    const low = (packed[word]! >>> shift) | ((second << 1) << (31 - shift));
    const high = ((second >>> shift) | ((third << 1) << (31 - shift))) & HIGH_MASK;
    if (high === MODULUS_HIGH && low >>> 0 >= MODULUS_LOW) areBelow = false;
    target[2 * i] = low;
    target[2 * i + 1] = high;
  }
  return areBelow;
}

/**
 * sum += addend modulo {@link MODULUS}, residue by residue, in place. Any number of residues, all below the modulus. Without
 * branches, half of which would be guessed wrongly, and in int32.
 */
export function addResidues(sum: Uint32Array, addend: Uint32Array): void {
  requireLength(addend, sum.length);
  const [target, term] = [signed(sum), signed(addend)];
  for (let i = 0; i < target.length; i += 2) {
    const a = target[i]!;
    const b = term[i]!;
    const low = (a + b) | 0;
    const carry = ((a & b) | ((a | b) & ~low)) >>> 31;
    const high = (target[i + 1]! + term[i + 1]! + carry) | 0;
    const lessLow = (low - MODULUS_LOW_SIGNED) | 0;
    const borrow = ((~low & MODULUS_LOW_SIGNED) | ((~low | MODULUS_LOW_SIGNED) & lessLow)) >>> 31;
    const lessHigh = (high - MODULUS_HIGH - borrow) | 0;
    // All ones where the modulus does not fit: the sum stays as it is.
    const keep = lessHigh >> 31;
    target[i] = (low & keep) | (lessLow & ~keep);
    target[i + 1] = (high & keep) | (lessHigh & ~keep);
  }
}

/** Whether every word is zero. */
export function areZero(words: Uint32Array): boolean {
  let any = 0;
  for (let i = 0; i < words.length; i++) any |= words[i]!;
  return any === 0;
}

function requireLength(words: Uint32Array, wanted: number): void {
  if (words.length !== wanted) {
    throw new RangeError(`polynomial has ${words.length} words, wanted ${wanted}`);
  }
}

function signed(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}
