import fc from "fast-check";
import { expect, test } from "vitest";
import { type RandomSource, seededRandom } from "../random.ts";
import { combineShares, SecretPolynomial } from "./shamir.ts";
import { chiSquare, chiSquareLimit } from "./testing/statistics.ts";

/** A source of fixed bytes, for polynomials with known coefficients. */
function bytesOf(...bytes: readonly number[]): RandomSource {
  const rest = [...bytes];
  return { fill: (target) => target.set(rest.splice(0, target.length)) };
}

// By hand: f(x) = 57 + 83 x, with 83 * 02 = 1d and 83 * 03 = 9e in GF(2^8) modulo 11b.
test("shares are the polynomial's values", () => {
  const secret = Uint8Array.of(0x57, 0, 0, 1);
  const polynomial = new SecretPolynomial(secret, 2, bytesOf(0x83, 0, 1, 0));
  expect(polynomial.shareAt(1)).toEqual(Uint8Array.of(0xd4, 0, 1, 1));
  expect(polynomial.shareAt(2)).toEqual(Uint8Array.of(0x4a, 0, 2, 1));
  expect(polynomial.shareAt(3)).toEqual(Uint8Array.of(0xc9, 0, 3, 1));
});

test("any threshold of the shares, in any order, rebuild the secret", () => {
  const cases = fc.integer({ min: 1, max: 20 }).chain((threshold) =>
    fc.record({
      threshold: fc.constant(threshold),
      indices: fc.uniqueArray(fc.integer({ min: 1, max: 255 }), {
        minLength: threshold,
        maxLength: threshold,
      }),
      words: fc.integer({ min: 1, max: 16 }),
      seed: fc.string(),
    }),
  );
  fc.assert(
    fc.property(cases, ({ threshold, indices, words, seed }) => {
      const random = seededRandom(seed);
      const secret = new Uint8Array(4 * words);
      random.fill(secret);
      using polynomial = new SecretPolynomial(secret, threshold, random);
      const shares = indices.map((index) => ({ index, share: polynomial.shareAt(index) }));
      expect(combineShares(shares)).toEqual(secret);
    }),
  );
});

test("more shares than the threshold rebuild the secret too, and one wrong byte spoils that byte only", () => {
  const secret = Uint8Array.from({ length: 64 }, (_, i) => i);
  const polynomial = new SecretPolynomial(secret, 67, seededRandom("100 of 67"));
  const shares = Array.from({ length: 100 }, (_, i) => ({
    index: i + 1,
    share: polynomial.shareAt(i + 1),
  }));
  expect(combineShares(shares)).toEqual(secret);
  shares[3]?.share.fill(0, 10, 11);
  const spoilt = combineShares(shares);
  expect(spoilt[10]).not.toBe(secret[10]);
  spoilt.set(secret.subarray(10, 11), 10);
  expect(spoilt).toEqual(secret);
});

const SPLITS = 25_600;

/** The high halves of two shares' first bytes as one of 256 cells, over many splits of one secret. */
function pairsOfShares(polynomials: Iterable<(index: number) => number>): number[] {
  return Array.from(polynomials, (at) => (at(1) & 0xf0) | (at(200) >> 4));
}

test("shares below the threshold say nothing: two of three are uniform whatever the secret", () => {
  const random = seededRandom("two of three");
  const secret = Uint8Array.of(0x5a, 0, 0, 0);
  const polynomials = Array.from({ length: SPLITS }, () => {
    const polynomial = new SecretPolynomial(secret, 3, random);
    return (index: number) => polynomial.shareAt(index)[0] ?? 0;
  });
  expect(chiSquare(pairsOfShares(polynomials), 256)).toBeLessThan(chiSquareLimit(256));
});

test("one share of two takes every value, also the secret's own: a coefficient may be zero", () => {
  const random = seededRandom("one of two");
  const values = Array.from({ length: 4 * SPLITS }, () => {
    const polynomial = new SecretPolynomial(Uint8Array.of(0x5a, 0, 0, 0), 2, random);
    return polynomial.shareAt(9)[0] ?? 0;
  });
  expect(chiSquare(values, 256)).toBeLessThan(chiSquareLimit(256));
});

// Positive control: the defect of implementations that draw the top coefficient from 1 to 255 must be visible to the test.
test("the test for uniform shares sees a coefficient that is never zero", () => {
  const random = seededRandom("never zero");
  const neverZero: RandomSource = {
    fill: (bytes) => {
      while (bytes[0] === 0) random.fill(bytes);
    },
  };
  const values = Array.from({ length: 4 * SPLITS }, () => {
    const polynomial = new SecretPolynomial(Uint8Array.of(0x5a, 0, 0, 0), 2, neverZero);
    return polynomial.shareAt(9)[0] ?? 0;
  });
  expect(chiSquare(values, 256)).toBeGreaterThan(chiSquareLimit(256));
});

test("coordinate zero, which is the secret itself, and coordinates beyond the field are refused", () => {
  const polynomial = new SecretPolynomial(new Uint8Array(4), 2, seededRandom("zero"));
  const share = new Uint8Array(4);
  for (const index of [0, 256, -1, 1.5, Number.NaN]) {
    expect(() => polynomial.shareAt(index)).toThrow(RangeError);
    expect(() => combineShares([{ index, share }])).toThrow(RangeError);
  }
});

test("a coordinate that is there twice, shares of different lengths, and no shares are refused", () => {
  const four = new Uint8Array(4);
  const twice = [
    { index: 1, share: four },
    { index: 1, share: four },
  ];
  expect(() => combineShares(twice)).toThrow(RangeError);
  const uneven = [
    { index: 1, share: four },
    { index: 2, share: new Uint8Array(8) },
  ];
  expect(() => combineShares(uneven)).toThrow(RangeError);
  expect(() => combineShares([])).toThrow(RangeError);
});

test("a threshold that is not 1 to 255 and a secret that is not whole words are refused", () => {
  const random = seededRandom("limits");
  for (const threshold of [0, 256, Number.NaN, 1.5]) {
    expect(() => new SecretPolynomial(new Uint8Array(4), threshold, random)).toThrow(RangeError);
  }
  for (const bytes of [0, 3]) {
    expect(() => new SecretPolynomial(new Uint8Array(bytes), 2, random)).toThrow(RangeError);
  }
});
