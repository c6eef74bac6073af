import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addRing,
  bytesOfWords,
  firstNonFinite,
  largestMagnitude,
  multiplyAddGf256,
  multiplyGf256,
  subtractRing,
  sumOfSquares,
  wordsOfBytes,
} from "./vector.ts";

const words = (length: number) => fc.uint32Array({ minLength: length, maxLength: length });

test("ring addition is addition modulo 2^32, and subtraction undoes it", () => {
  fc.assert(
    fc.property(words(9), words(9), (a, b) => {
      const sum = a.slice();
      addRing(sum, b);
      const wanted = [...a].map((value, i) => (value + (b[i] ?? 0)) % 2 ** 32);
      expect([...sum]).toEqual(wanted);
      subtractRing(sum, b);
      expect(sum).toEqual(a);
    }),
  );
});

test("vectors of different lengths are refused and left alone", () => {
  const target = Uint32Array.of(1, 2);
  expect(() => addRing(target, Uint32Array.of(1))).toThrow(RangeError);
  expect(() => subtractRing(target, Uint32Array.of(1, 2, 3))).toThrow(RangeError);
  expect(target).toEqual(Uint32Array.of(1, 2));
});

// Source: FIPS 197, sections 4.2 and 4.2.1.
test("bytes multiply in GF(2^8) as in FIPS 197", () => {
  const products = [
    [0x57, 0x83, 0xc1],
    [0x57, 0x13, 0xfe],
    [0x57, 0x02, 0xae],
    [0x57, 0x04, 0x47],
    [0x57, 0x08, 0x8e],
    [0x57, 0x10, 0x07],
    [0x53, 0xca, 0x01],
  ] as const;
  for (const [a, b, wanted] of products) {
    expect(multiplyGf256(a, b)).toBe(wanted);
    expect(multiplyGf256(b, a)).toBe(wanted);
  }
});

test("the four bytes of a word are multiplied independently", () => {
  const bytes = fc.uint8Array({ minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(bytes, bytes, fc.nat({ max: 255 }), (target, addend, scalar) => {
      const packed = wordsOfBytes(target.slice());
      multiplyAddGf256(packed, scalar, wordsOfBytes(addend.slice()));
      const wanted = target.map((byte, i) => multiplyGf256(byte, scalar) ^ (addend[i] ?? 0));
      expect(bytesOfWords(packed)).toEqual(wanted);
    }),
  );
});

test("words and bytes are little-endian, also when the bytes are not aligned", () => {
  const bytes = Uint8Array.of(9, 1, 2, 3, 4, 255, 0, 0, 128);
  expect(wordsOfBytes(bytes.subarray(1))).toEqual(Uint32Array.of(0x04030201, 0x800000ff));
  expect(wordsOfBytes(Buffer.from(bytes).subarray(1))).toEqual(
    Uint32Array.of(0x04030201, 0x800000ff),
  );
  expect(bytesOfWords(Uint32Array.of(1))).toEqual(Uint8Array.of(1, 0, 0, 0));
  expect(() => wordsOfBytes(bytes)).toThrow(RangeError);
});

test("the first value that is not finite is found, whatever kind it is", () => {
  expect(firstNonFinite(Float32Array.of(0, -0, 3e38))).toBe(-1);
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(firstNonFinite(Float32Array.of(1, bad, bad))).toBe(1);
  }
});

test("squares are summed in float64, so that float32 overflow and absorption do not show", () => {
  expect(sumOfSquares(Float32Array.of(2 ** 100, 0))).toBe(2 ** 200);
  expect(sumOfSquares(new Float32Array(2 ** 25 + 1).fill(1))).toBe(2 ** 25 + 1);
});

test("the largest magnitude reads words as two's complement", () => {
  expect(largestMagnitude(new Uint32Array())).toBe(0);
  expect(largestMagnitude(Uint32Array.of(5, 2 ** 32 - 7))).toBe(7);
  expect(largestMagnitude(Uint32Array.of(2 ** 31))).toBe(2 ** 31);
});
