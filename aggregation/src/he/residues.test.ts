import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CiphertextForm } from "./ciphertext-form.ts";
import { DEGREE, heParameters, MODULUS, openHeContext } from "./parameters.ts";
import { addResidues, PACKED_WORDS, packResidues, unpackResidues } from "./residues.ts";
import { Seal } from "./seal.ts";
import { wordsOf } from "./testing/round.ts";

const EDGES = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, MODULUS - 2n, MODULUS - 1n];
const residue = fc.oneof(fc.bigInt({ min: 0n, max: MODULUS - 1n }), fc.constantFrom(...EDGES));
/** A polynomial that repeats a few residues. */
const polynomial = fc
  .array(residue, { minLength: 1, maxLength: 40 })
  .map((few) => Array.from({ length: DEGREE }, (_, i) => few[i % few.length] ?? 0n));

let seal: Seal;
beforeAll(async () => {
  seal = await Seal.open();
});
afterAll(() => seal[Symbol.dispose]());

function wordsOfResidues(residues: readonly bigint[]): Uint32Array {
  return new Uint32Array(BigUint64Array.from(residues).buffer);
}

test("packed, residues are the digits of one number to the base 2^54", () => {
  fc.assert(
    fc.property(polynomial, (residues) => {
      const words = packResidues(wordsOfResidues(residues));
      const first = residues.slice(0, 16).reduceRight((number, r) => (number << 54n) | r, 0n);
      const packed = words.slice(0, 27).reduceRight((number, w) => (number << 32n) | BigInt(w), 0n);
      expect(packed).toBe(first);
      const unpacked = new Uint32Array(2 * DEGREE);
      expect(unpackResidues(unpacked, words)).toBe(true);
      expect(unpacked).toEqual(wordsOfResidues(residues));
    }),
    { numRuns: 30 },
  );
});

test("one residue that is not below the modulus, wherever it stands, makes a polynomial none", () => {
  for (const [place, value] of [
    [0, MODULUS],
    [2047, MODULUS + 1n],
    [1000, 2n ** 54n - 1n],
  ] as const) {
    const residues = Array.from({ length: DEGREE }, () => MODULUS - 1n);
    const isPolynomial = () =>
      unpackResidues(new Uint32Array(2 * DEGREE), packResidues(wordsOfResidues(residues)));
    expect(isPolynomial()).toBe(true);
    residues[place] = value;
    expect(isPolynomial()).toBe(false);
  }
});

test("sums are taken modulo the modulus", () => {
  const terms = fc.array(fc.tuple(residue, residue), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(terms, (pairs) => {
      const sum = wordsOfResidues(pairs.map(([a]) => a));
      addResidues(sum, wordsOfResidues(pairs.map(([, b]) => b)));
      expect(sum).toEqual(wordsOfResidues(pairs.map(([a, b]) => (a + b) % MODULUS)));
    }),
  );
});

test("ciphertexts add up as SEAL itself adds them", () => {
  using context = openHeContext(seal, heParameters(8, 5));
  using encryptor = context.openEncryptor(context.newSecretKey());
  const form = new CiphertextForm(context);
  const ciphertexts = Array.from({ length: 5 }, () =>
    encryptor.run(context.emptyPlaintext(DEGREE)),
  );
  const sum = new Uint32Array(4 * DEGREE);
  for (const ciphertext of ciphertexts) {
    addResidues(sum, form.residuesOf(context.expanded(ciphertext)));
  }
  expect(form.expandedOf(sum)).toEqual(context.sumOf(ciphertexts));
});

test("polynomials of another length are refused", () => {
  expect(() => packResidues(wordsOf("short", 2 * DEGREE - 2))).toThrow(RangeError);
  const target = new Uint32Array(2 * DEGREE);
  expect(() => unpackResidues(target, new Uint32Array(PACKED_WORDS - 1))).toThrow(RangeError);
  expect(() => unpackResidues(target.subarray(2), new Uint32Array(PACKED_WORDS))).toThrow(
    RangeError,
  );
  expect(() => addResidues(new Uint32Array(4), new Uint32Array(2))).toThrow(RangeError);
});
