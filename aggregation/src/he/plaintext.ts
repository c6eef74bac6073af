import { bytesOfWords, wordsOfBytes } from "../vector.ts";
import { DEGREE } from "./parameters.ts";
import type { SealContext } from "./seal-context.ts";

/** Bytes of a plaintext in SEAL's format before its coefficients. */
const HEAD_BYTES = 88;

/** SEAL's bytes of a plaintext. `coefficients`: shape `[2 * DEGREE]`, two words each, below the plaintext modulus. */
export function plaintextOf(context: SealContext, coefficients: Uint32Array): Uint8Array {
  const plaintext = context.emptyPlaintext(DEGREE);
  writeCoefficients(plaintext, coefficients);
  return plaintext;
}

/** Overwrites a plaintext's coefficients. */
export function writeCoefficients(plaintext: Uint8Array, coefficients: Uint32Array): void {
  const bytes = bytesOfWords(coefficients);
  if (plaintext.length !== HEAD_BYTES + bytes.length) {
    throw new RangeError(`plaintext has ${plaintext.length} bytes, coefficients ${bytes.length}`);
  }
  plaintext.set(bytes, HEAD_BYTES);
}

/** The coefficients of a plaintext, shape `[2 * DEGREE]`: SEAL leaves zeros at the end out. */
export function coefficientsOf(plaintext: Uint8Array): Uint32Array {
  const coefficients = new Uint32Array(2 * DEGREE);
  coefficients.set(wordsOfBytes(plaintext.subarray(HEAD_BYTES)));
  return coefficients;
}
