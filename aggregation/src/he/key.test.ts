import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chiSquare, chiSquareLimit } from "../masking/testing/statistics.ts";
import { seededRandom, systemRandom } from "../random.ts";
import { HeKey, KEY_SEED_BYTES, keyPolynomial } from "./key.ts";
import { DEGREE, heParameters, MODULUS, openHeContext } from "./parameters.ts";
import { coefficientsOf, plaintextOf } from "./plaintext.ts";
import { Seal } from "./seal.ts";
import { codeOf } from "./testing/round.ts";

const PARAMETERS = heParameters(8, 3);

function seedOf(key: HeKey): Uint8Array {
  const seed = new Uint8Array(KEY_SEED_BYTES);
  key.copySeedTo(seed);
  return seed;
}

/** Coefficients -1, 0 and 1 as 2, 0 and 1. */
function digitsOf(polynomial: Uint32Array): bigint[] {
  const minusOne = 2n ** BigInt(PARAMETERS.plainBits) - 1n;
  return Array.from(new BigUint64Array(polynomial.buffer), (c) => (c === minusOne ? 2n : c));
}

test("the same 32 bytes are the same key, and it has the name that was agreed on", () => {
  const key = HeKey.make(PARAMETERS, systemRandom);
  const copy = HeKey.import(PARAMETERS, seedOf(key), key.keyId);
  expect(copy.keyId).toBe(key.keyId);
  expect(seedOf(copy)).toEqual(seedOf(key));
  expect(HeKey.make(PARAMETERS, systemRandom).keyId).not.toBe(key.keyId);
});

test("a key that is not the one agreed on, or for other parameters, or of another length, is refused", () => {
  const key = HeKey.make(PARAMETERS, seededRandom("key"));
  const seed = seedOf(key);
  const changed = seed.slice();
  changed[31] = (changed[31] ?? 0) ^ 1;
  expect(codeOf(() => HeKey.import(PARAMETERS, changed, key.keyId))).toBe("bad-key");
  expect(codeOf(() => HeKey.import(heParameters(15, 3), seed, key.keyId))).toBe("bad-key");
  expect(codeOf(() => HeKey.import(PARAMETERS, seed.subarray(1), key.keyId))).toBe("bad-key");
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
    using key = HeKey.make(PARAMETERS, seededRandom("roots"));
    const values = key.use(context, residuesOf);
    const signed = digitsOf(keyPolynomial(seedOf(key), PARAMETERS)).map((d) =>
      d === 2n ? -1n : d,
    );
    for (const place of [0, 1, 777, 2047]) {
      const root = roots[place] ?? 0n;
      const value = signed.reduceRight((sum, c) => (sum * root + c) % MODULUS, 0n);
      expect(values[place]).toBe((value + MODULUS) % MODULUS);
    }
  });

  test("a wiped key can neither be used nor copied, and the bytes that were lent are wiped after use", () => {
    using context = openHeContext(seal, PARAMETERS);
    const key = HeKey.make(PARAMETERS, seededRandom("wiped"));
    const lent = key.use(context, (bytes) => bytes);
    expect(lent).toHaveLength(16_472);
    expect(lent.every((byte) => byte === 0)).toBe(true);
    key[Symbol.dispose]();
    expect(codeOf(() => key.use(context, () => 1))).toBe("key-wiped");
    expect(codeOf(() => key.copySeedTo(new Uint8Array(32)))).toBe("key-wiped");
  });
});

test("nothing that is printed of a key, or thrown about one, holds its bytes", () => {
  const key = HeKey.make(PARAMETERS, systemRandom);
  const seed = seedOf(key);
  const hex = Buffer.from(seed).toString("hex");
  let thrown = "";
  try {
    HeKey.import(PARAMETERS, seed, "0".repeat(64));
  } catch (error) {
    thrown = inspect(error, { depth: 9 });
  }
  expect(thrown).toContain("bad-key");
  const shown = [
    String(key),
    JSON.stringify(key),
    inspect(key, { depth: 9, showHidden: true }),
    thrown,
  ];
  const forms = [
    hex,
    [...seed].join(", "),
    [...seed].join(","),
    Buffer.from(seed).toString("base64"),
  ];
  for (const text of shown) for (const form of forms) expect(text).not.toContain(form);
});
