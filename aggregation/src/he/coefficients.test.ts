import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addCoefficients,
  areBelow,
  putLane,
  reduceCoefficients,
  subtractCoefficients,
  takeLane,
} from "./coefficients.ts";

const integers = (bits: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }),
    fc.constantFrom(0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** BigInt(bits) - 1n),
  );
const pairs = fc.array(fc.tuple(integers(64), integers(64)), { maxLength: 20 });

function wordsOf(values: readonly bigint[]): Uint32Array {
  return new Uint32Array(BigUint64Array.from(values).buffer);
}

function valuesOf(words: Uint32Array): bigint[] {
  return [...new BigUint64Array(words.slice().buffer)];
}

test("sums and differences are taken modulo 2^64, then modulo less", () => {
  fc.assert(
    fc.property(pairs, fc.integer({ min: 33, max: 63 }), (terms, bits) => {
      const [left, right] = [terms.map(([a]) => a), terms.map(([, b]) => b)];
      const sum = wordsOf(left);
      addCoefficients(sum, wordsOf(right));
      expect(valuesOf(sum)).toEqual(terms.map(([a, b]) => BigInt.asUintN(64, a + b)));
      const difference = wordsOf(left);
      subtractCoefficients(difference, wordsOf(right));
      expect(valuesOf(difference)).toEqual(terms.map(([a, b]) => BigInt.asUintN(64, a - b)));
      const areAll = left.every((value) => value < 2n ** BigInt(bits));
      expect(areBelow(wordsOf(left), bits)).toBe(areAll);
      reduceCoefficients(sum, bits);
      expect(valuesOf(sum)).toEqual(terms.map(([a, b]) => BigInt.asUintN(bits, a + b)));
    }),
  );
});

test("what was put into a lane is taken out of it, whatever lies beside it", () => {
  const lane = fc.integer({ min: 0, max: 48 });
  const values = fc.array(fc.nat({ max: 2 ** 16 - 1 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(lane, values, (shift, list) => {
      const words = new Uint32Array(2 * list.length);
      putLane(words, Uint16Array.from(list), shift);
      expect(valuesOf(words)).toEqual(list.map((value) => BigInt(value) << BigInt(shift)));
      const taken = new Uint32Array(list.length);
      const noise = wordsOf(list.map(() => ~(0xffffn << BigInt(shift)) & (2n ** 64n - 1n)));
      addCoefficients(words, noise);
      takeLane(taken, words, shift, 16);
      expect([...taken]).toEqual(list);
    }),
  );
});

test("operands of other lengths are refused", () => {
  const words = new Uint32Array(4);
  expect(() => addCoefficients(words, new Uint32Array(2))).toThrow(RangeError);
  expect(() => subtractCoefficients(new Uint32Array(3), new Uint32Array(3))).toThrow(RangeError);
  expect(() => putLane(words, new Uint16Array(3), 0)).toThrow(RangeError);
  expect(() => takeLane(new Uint32Array(3), words, 0, 15)).toThrow(RangeError);
});
