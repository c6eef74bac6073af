import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chiSquare, chiSquareLimit } from "../masking/testing/statistics.ts";
import { systemRandom } from "../random.ts";
import { HeKey, KEY_SEED_BYTES, keyPolynomial } from "./key.ts";
import { DEGREE, heParameters, MODULUS, openHeContext } from "./parameters.ts";
import { coefficientsOf, plaintextOf } from "./plaintext.ts";
import { Seal } from "./seal.ts";
import { codeOf, seedOf } from "./testing/round.ts";

const PARAMETERS = heParameters(8, 3);

/** Coefficients -1, 0 and 1 as 2, 0 and 1. */
function digitsOf(polynomial: Uint32Array, { plainBits } = PARAMETERS): bigint[] {
  const minusOne = 2n ** BigInt(plainBits) - 1n;
  return Array.from(new BigUint64Array(polynomial.buffer), (c) => (c === minusOne ? 2n : c));
}

test("a key grows from 32 bytes, and from nothing else", () => {
  for (const length of [0, 31, 33]) {
    expect(codeOf(() => HeKey.fromSeed(PARAMETERS, new Uint8Array(length)))).toBe("bad-key");
  }
  expect(KEY_SEED_BYTES).toBe(32);
});

test("one seed is another key under other parameters", () => {
  const seed = seedOf("seed");
  const ours = digitsOf(keyPolynomial(seed, PARAMETERS));
  const wide = heParameters(15, 3);
  const theirs = digitsOf(keyPolynomial(seed, wide), wide);
  expect(ours).toEqual(digitsOf(keyPolynomial(seed, PARAMETERS)));
  // Unrelated ones agree in a third of 2048 places, with a deviation of 21.
  const equal = ours.filter((digit, i) => digit === theirs[i]).length;
  expect(Math.abs(equal - 2048 / 3)).toBeLessThan(6 * 21);
});

test("the polynomial's coefficients are uniform in -1, 0 and 1, and the test would see one in twenty of -1 missing", () => {
  const digits = Array.from({ length: 20 }, (_, i) => {
    const seed = new Uint8Array(32).fill(i);
    return digitsOf(keyPolynomial(seed, PARAMETERS)).map(Number);
  }).flat();
  expect(chiSquare(digits, 3)).toBeLessThan(chiSquareLimit(3));
  const skewed = digits.filter((digit, i) => digit !== 2 || i % 20 !== 0);
  expect(chiSquare(skewed, 3)).toBeGreaterThan(chiSquareLimit(3));
});

describe("in SEAL", () => {
  let seal: Seal;
  beforeAll(async () => {
    seal = await Seal.open();
  });
  afterAll(() => seal[Symbol.dispose]());

  test("the secret key is the polynomial's values at the roots of X^2048 + 1", () => {
    using context = openHeContext(seal, PARAMETERS);
    // X's own values are the roots, in SEAL's order.
    const x = new Uint32Array(2 * DEGREE);
    x[2] = 1;
    const residuesOf = (bytes: Uint8Array) => new BigUint64Array(coefficientsOf(bytes).buffer);
    const roots = residuesOf(context.transformed(plaintextOf(context, x)));
    const seed = seedOf("roots");
    using key = HeKey.fromSeed(PARAMETERS, seed);
    const values = key.use(context, residuesOf);
    const signed = digitsOf(keyPolynomial(seed, PARAMETERS)).map((d) => (d === 2n ? -1n : d));
    for (const place of [0, 1, 777, 2047]) {
      const root = roots[place] ?? 0n;
      const value = signed.reduceRight((sum, c) => (sum * root + c) % MODULUS, 0n);
      expect(values[place]).toBe((value + MODULUS) % MODULUS);
    }
  });

  test("a wiped key cannot be used, and the bytes that were lent are wiped after use", () => {
    using context = openHeContext(seal, PARAMETERS);
    const given = seedOf("wiped");
    const key = HeKey.fromSeed(PARAMETERS, given);
    const lent = key.use(context, (bytes) => bytes);
    expect(lent).toHaveLength(16_472);
    expect(lent.every((byte) => byte === 0)).toBe(true);
    key[Symbol.dispose]();
    expect(codeOf(() => key.use(context, () => 1))).toBe("key-wiped");
    // The caller's own copy is the caller's to wipe.
    expect(given).toEqual(seedOf("wiped"));
  });
});

test("nothing that is printed of a key, or thrown about one, holds its bytes", () => {
  const seed = new Uint8Array(33);
  systemRandom.fill(seed);
  let thrown = "";
  try {
    HeKey.fromSeed(PARAMETERS, seed);
  } catch (error) {
    thrown = inspect(error, { depth: 9 });
  }
  expect(thrown).toContain("bad-key");
  const secret = seed.subarray(0, 32);
  const key = HeKey.fromSeed(PARAMETERS, secret);
  const printed = inspect(key, { depth: 9, showHidden: true });
  const shown = [String(key), JSON.stringify(key), printed, thrown];
  const bytes = Buffer.from(secret);
  const forms = [
    bytes.toString("hex"),
    bytes.toString("base64"),
    [...secret].join(", "),
    [...secret].join(","),
  ];
  for (const text of shown) for (const form of forms) expect(text).not.toContain(form);
});
