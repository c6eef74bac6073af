import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomNumbers, seededRandom } from "../random.ts";
import {
  CKKS_DEGREE,
  CKKS_SLOTS,
  CkksAdder,
  CkksCipher,
  newCkksKey,
  openCkksContext,
  SMALL_CKKS,
} from "./ckks.ts";
import { Seal } from "./seal.ts";
import type { SealContext } from "./seal-context.ts";

/**
 * Li and Micciancio, "On the Security of Homomorphic Encryption on Approximate Numbers" (EUROCRYPT 2021), carried out: a
 * coordinator that has two sums' ciphertexts and hears what they decrypt to solves for the key they share.
 */

const RANGE = { largestValue: 1, participants: 10 };
const HEAD = 113;
const PLAIN_HEAD = 88;

let seal: Seal;
let context: SealContext;
let prime: bigint;
let secretKey: Uint8Array;
let cipher: CkksCipher;
/** What ten participants' values add up to. */
const KINDS = ["updates", "zeros"] as const;
type Kind = (typeof KINDS)[number];
/** Two sums of each kind. */
let sums: Record<Kind, readonly Uint8Array[]>;

beforeAll(async () => {
  seal = await Seal.open();
  context = openCkksContext(seal, SMALL_CKKS);
  prime = context.primes()[0] ?? 0n;
  secretKey = newCkksKey(seal, SMALL_CKKS);
  cipher = new CkksCipher(seal, SMALL_CKKS, secretKey, RANGE);
  using adder = new CkksAdder(seal, SMALL_CKKS);
  const twoSumsOf = (valuesOf: (seed: string) => Float32Array) =>
    ["first", "second"].map((round) =>
      adder.sumOf(Array.from({ length: 10 }, (_, i) => cipher.encrypt(valuesOf(`${round} ${i}`)))),
    );
  sums = {
    updates: twoSumsOf(updateOf),
    // Of a layer that does not train, say.
    zeros: twoSumsOf(() => new Float32Array(CKKS_SLOTS)),
  };
});
afterAll(() => seal[Symbol.dispose]());

/** Values of the key that an attacker has who hears what two sums of a kind are said to be. */
function leaked(kind: Kind, heard: (sum: Uint8Array) => Float64Array): number {
  const key = recoveredKey(sums[kind].map(heard), sums[kind]);
  return agreement(key, residuesOf(secretKey, PLAIN_HEAD));
}

function exactly(sum: Uint8Array): Float64Array {
  using decryptor = context.openDecryptor(secretKey);
  using decoder = context.openDecoder();
  return decoder.run(decryptor.run(sum));
}

test.each(KINDS)("whoever hears two sums of %s in float64 has the key, all of it", (kind) => {
  expect(leaked(kind, exactly)).toBe(CKKS_DEGREE);
});

test("rounded to float32, sums of zeros give the key away all the same", () => {
  const rounded = (sum: Uint8Array) => Float64Array.from(Float32Array.from(exactly(sum)));
  expect(leaked("zeros", rounded)).toBe(CKKS_DEGREE);
});

test.each(KINDS)(
  "whoever hears what our API lets out of two sums of %s has none of it by that method",
  (kind) => {
    expect(leaked(kind, (sum) => Float64Array.from(cipher.decrypt(sum)))).toBe(0);
  },
);

function updateOf(seed: string): Float32Array {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Float32Array.from({ length: CKKS_SLOTS }, () => 2 * numbers.unit() - 1);
}

/**
 * The attacker's: an encoding of twice the real parts is plaintext plus conjugate, in NTT form the values at i and at
 * degree - 1 - i added up. Two sums give two equations for two of the key's values.
 */
function recoveredKey(heard: readonly Float64Array[], ofSums: readonly Uint8Array[]): bigint[] {
  const [one, two] = heard.map((values, index) =>
    equations(values, ofSums[index] ?? new Uint8Array()),
  );
  const key = new Array<bigint>(CKKS_DEGREE).fill(0n);
  if (one === undefined || two === undefined) throw new Error("the attack takes two sums");
  for (let i = 0; i < CKKS_DEGREE / 2; i++) {
    const j = CKKS_DEGREE - 1 - i;
    const [a, b, r] = [one.factor(i), one.factor(j), one.right(i, j)];
    const [c, d, t] = [two.factor(i), two.factor(j), two.right(i, j)];
    const inverse = power(a * d - c * b, prime - 2n);
    key[i] = modulo((r * d - t * b) * inverse);
    key[j] = modulo((a * t - c * r) * inverse);
  }
  return key;
}

function equations(values: Float64Array, sum: Uint8Array) {
  using encoder = context.openEncoder(SMALL_CKKS.scale);
  const encoded = residuesOf(encoder.run(values.map((value) => 2 * value)), PLAIN_HEAD);
  const polynomial = (index: number) => residuesOf(sum, HEAD + 8 * CKKS_DEGREE * index);
  const [zeroth, first] = [polynomial(0), polynomial(1)];
  const at = (residues: BigUint64Array, i: number) => residues[i] ?? 0n;
  return {
    factor: (i: number) => at(first, i),
    right: (i: number, j: number) => at(encoded, i) - at(zeroth, i) - at(zeroth, j),
  };
}

function residuesOf(bytes: Uint8Array, offset: number): BigUint64Array {
  return new BigUint64Array(bytes.slice(offset, offset + 8 * CKKS_DEGREE).buffer);
}

function agreement(guess: readonly bigint[], key: BigUint64Array): number {
  return guess.filter((value, i) => value === key[i]).length;
}

function modulo(value: bigint): bigint {
  const rest = value % prime;
  return rest < 0n ? rest + prime : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, modulo(base)];
  for (let bits = exponent; bits > 0n; bits >>= 1n) {
    if (bits & 1n) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
}
