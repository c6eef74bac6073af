import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomNumbers, seededRandom } from "../random.ts";
import { bytesOfWords, sumOfSquares } from "../vector.ts";
import { rotate, rotateBack, rotatedDimension } from "./rotation.ts";
import { flipSigns, transform } from "./rotation-kernels.ts";
import { seedOf } from "./testing/round.ts";

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Dimensions about powers of two and of eight as often as any. */
const dimensions = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.constantFrom(63, 64, 65, 127, 128, 129, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 5000),
);
const vectors = dimensions.chain((length) =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, min: -100, max: 100 }),
);

function rotated(values: Float32Array, seed: Uint8Array): Float32Array {
  const copy = values.slice();
  rotate(copy, seed);
  return copy;
}

function normOf(values: Float32Array): number {
  return Math.sqrt(sumOfSquares(values));
}

/**
 * What rounding adds to a coordinate at most: each of up to 2 * 13 levels and 2 scalings rounds to float32 once, half an
 * ulp of a number that the norm bounds.
 */
function roundingOf(values: Float32Array): number {
  return 28 * 2 ** -24 * normOf(values) + 1e-35;
}

function noise(name: string, length: number): Float32Array {
  const numbers = new RandomNumbers(seededRandom(name));
  return Float32Array.from({ length }, () => 2 * numbers.unit() - 1);
}

test("going back undoes it, at every dimension", () => {
  fc.assert(
    fc.property(vectors, seeds, (values, seed) => {
      const back = Float64Array.from(rotated(values, seed));
      rotateBack(back, seed);
      const most = values.reduce(
        (m, value, i) => Math.max(m, Math.abs(value - (back[i] ?? 1e9))),
        0,
      );
      // An error of one coordinate reaches every one of up to 5000 that come back, in the mean one root of them less.
      expect(most).toBeLessThanOrEqual(roundingOf(values) * 10);
    }),
  );
});

test("it keeps the norm, and distances with it", () => {
  fc.assert(
    fc.property(vectors, seeds, (values, seed) => {
      const allowed = Math.sqrt(values.length) * roundingOf(values);
      expect(Math.abs(normOf(rotated(values, seed)) - normOf(values))).toBeLessThanOrEqual(allowed);
    }),
  );
});

test("a weighted sum's rotation is the rotations' weighted sum", () => {
  fc.assert(
    fc.property(vectors, seeds, fc.integer({ min: -3, max: 3 }), (values, seed, factor) => {
      const other = noise("other", values.length);
      const sum = Float32Array.from(values, (value, i) => value + factor * (other[i] ?? 0));
      const [a, b] = [rotated(values, seed), rotated(other, seed)];
      const allowed =
        roundingOf(values) + (1 + Math.abs(factor)) * roundingOf(other) + roundingOf(sum);
      for (const [i, got] of rotated(sum, seed).entries()) {
        expect(Math.abs(got - (a[i] ?? 0) - factor * (b[i] ?? 0))).toBeLessThanOrEqual(allowed);
      }
    }),
  );
});

test("another seed rotates to somewhere else", () => {
  const values = noise("values", 1000);
  const [a, b] = [rotated(values, seedOf("a")), rotated(values, seedOf("b"))];
  expect(a).toEqual(rotated(values, seedOf("a")));
  const cosine = a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0) / sumOfSquares(values);
  // Of two random directions in 1000 dimensions: a deviation of 0.032.
  expect(Math.abs(cosine)).toBeLessThan(6 * 0.032);
});

describe.each([
  [1000, 512],
  [1024, 1024],
  [25_450, 16_384],
])("%i coordinates, of which %i mix at a time", (dimension, mixed) => {
  test("whatever a vector looks like, no coordinate stays large", () => {
    expect(rotatedDimension(dimension)).toBe(mixed);
    const spike = (at: number) => new Float32Array(dimension).fill(1, at, at + 1);
    const shapes = {
      "a spike at the beginning": spike(0),
      "a spike in the middle": spike(dimension / 2),
      "a spike at the end": spike(dimension - 1),
      ones: new Float32Array(dimension).fill(1),
      "every other one": Float32Array.from({ length: dimension }, (_, i) => i % 2),
      "a few spikes": new Float32Array(dimension).fill(1, 40, 44),
    };
    for (const [what, values] of Object.entries(shapes)) {
      const turned = rotated(values, seedOf("spread"));
      const largest = turned.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      // Of 25,450 normal values, one is beyond 5.5 deviations once in a thousand seeds.
      expect((largest * Math.sqrt(mixed)) / normOf(values), what).toBeLessThan(5.5);
    }
  });
});

// Source: the definition, H[i][j] = (-1)^(ones in i & j).
test("the transform is Walsh's and Hadamard's, at every power of two", () => {
  for (const n of [1, 2, 4, 8, 16, 32, 64, 128]) {
    const values = Float64Array.from({ length: n }, (_, i) => (i * 37) % 11);
    const ones = (bits: number) => bits.toString(2).replaceAll("0", "").length;
    const wanted = values.map((_, i) =>
      values.reduce((sum, value, j) => sum + (ones(i & j) % 2 === 0 ? value : -value), 0),
    );
    const got = values.slice();
    transform(got);
    expect(got).toEqual(wanted);
  }
  for (const length of [0, 3, 12]) {
    expect(() => transform(new Float32Array(length))).toThrow(RangeError);
  }
});

test("a rotation is signs, a transform of the first, signs, a transform of the last, both as long as they may be", () => {
  for (const dimension of [1, 2, 5, 8, 13, 31, 32, 40]) {
    const random = seededRandom(seedOf("definition"));
    const draw = () => {
      const bits = new Uint32Array(Math.ceil(dimension / 32));
      random.fill(bytesOfWords(bits));
      return bits;
    };
    const wanted = Float64Array.from(noise("definition", dimension));
    const mixed = rotatedDimension(dimension);
    for (const first of [0, dimension - mixed]) {
      flipSigns(wanted, draw());
      const part = wanted.subarray(first, first + mixed);
      transform(part);
      part.set(part.map((value) => value / Math.sqrt(mixed)));
    }
    const got = rotated(noise("definition", dimension), seedOf("definition"));
    for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i] ?? 99, 5);
  }
});

test("as many coordinates mix as a power of two allows", () => {
  for (let bits = 1; bits <= 28; bits++) {
    const power = 2 ** bits;
    expect([power - 1, power, power + 1].map(rotatedDimension)).toEqual([power / 2, power, power]);
  }
});

test("signs are the bits in order, and too few of them are refused", () => {
  const values = new Float64Array(34).fill(1);
  flipSigns(values, Uint32Array.of(0b101, 0b10));
  const negative = [...values.entries()].filter(([, value]) => value < 0).map(([i]) => i);
  expect(negative).toEqual([0, 2, 33]);
  expect(() => flipSigns(values, new Uint32Array(1))).toThrow(RangeError);
});

test("a rotation stays what it is from version to version", () => {
  const values = Float32Array.from({ length: 5 }, (_, i) => i + 1);
  expect([...rotated(values, seedOf("version"))]).toMatchInlineSnapshot(`
    [
      -5,
      -1,
      2,
      4,
      -3,
    ]
  `);
  const back = Float64Array.of(1, 2, 3, 4, 5);
  rotateBack(back, seedOf("version"));
  expect([...back]).toMatchInlineSnapshot(`
    [
      -2.5,
      2.5,
      -5.5,
      3.5,
      -0,
    ]
  `);
});
