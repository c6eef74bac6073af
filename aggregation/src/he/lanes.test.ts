import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addCoefficients } from "./coefficients.ts";
import { CHUNK_WORDS, chunkCount, packValues, unpackSums, valuesPerChunk } from "./lanes.ts";
import { heParameters } from "./parameters.ts";
import { codeOf, valuesOf } from "./testing/round.ts";

const SETS = [heParameters(8, 128), heParameters(15, 128), heParameters(16, 64)];

describe.each(SETS)("$valueBits bits", (parameters) => {
  const perChunk = valuesPerChunk(parameters);

  test("sums of packed values are the values' sums, whatever their number", () => {
    const counts = fc.constantFrom(1, 2, 2046, 2047, 2048, perChunk - 1, perChunk, perChunk + 1);
    const participants = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(counts, participants, fc.string(), (count, cohort, seed) => {
        const sums = new Uint32Array(count);
        const coefficients = new Uint32Array(CHUNK_WORDS * chunkCount(parameters, count));
        for (let index = 0; index < cohort; index++) {
          const values = valuesOf(`${seed}${index}`, count, parameters.valueBits);
          for (const [i, value] of values.entries()) sums[i] = (sums[i] ?? 0) + value;
          addCoefficients(coefficients, packValues(parameters, values));
        }
        expect(unpackSums(parameters, coefficients, count, cohort)).toEqual(sums);
      }),
      { numRuns: 15 },
    );
  });

  test("a value of one bit more is refused by its index", () => {
    const values = new Uint16Array(perChunk + 9);
    values[perChunk + 3] = 2 ** parameters.valueBits;
    const pack = () => packValues(parameters, values);
    if (parameters.valueBits === 16) return expect(pack()).toHaveLength(2 * CHUNK_WORDS);
    expect(pack).toThrow(
      expect.objectContaining({
        code: "out-of-range",
        message: expect.stringContaining(`value ${perChunk + 3} `),
      }),
    );
  });

  test("one participant too few, too many, or a sum changed in one sentinel is found", () => {
    const count = perChunk + 1;
    const coefficients = packValues(parameters, new Uint16Array(count));
    addCoefficients(coefficients, coefficients.slice());
    expect(unpackSums(parameters, coefficients, count, 2)).toEqual(new Uint32Array(count));
    for (const participants of [1, 3]) {
      const unpack = () => unpackSums(parameters, coefficients, count, participants);
      expect(codeOf(unpack)).toBe("wrong-sum");
    }
    for (const word of [CHUNK_WORDS, CHUNK_WORDS + 1]) {
      const changed = coefficients.slice();
      changed[word] = (changed[word] ?? 0) + 1;
      expect(() => unpackSums(parameters, changed, count, 2)).toThrow(
        /chunk 1 is not the sum of 2/,
      );
    }
  });

  test("anything behind the last value, in whatever lane, is found", () => {
    const count = perChunk + 5;
    const coefficients = packValues(parameters, new Uint16Array(count));
    for (let lane = 0; lane < parameters.lanes; lane++) {
      for (const coefficient of [lane === 0 ? 6 : 1, 2047]) {
        const changed = coefficients.slice();
        const bit = BigInt(lane * parameters.laneBits);
        const words = new Uint32Array(BigUint64Array.of(1n << bit).buffer);
        changed.set(words, CHUNK_WORDS + 2 * coefficient);
        expect(() => unpackSums(parameters, changed, count, 1)).toThrow(
          expect.objectContaining({
            code: "wrong-sum",
            message: "chunk 1 has something behind its last value",
          }),
        );
      }
    }
  });

  test("a lane beyond what the participants can add up to is found, and named", () => {
    const count = perChunk;
    const coefficients = packValues(parameters, new Uint16Array(count));
    addCoefficients(coefficients, coefficients.slice());
    // The first lane of the value 3.
    coefficients[2 * 4] = 2 * (2 ** parameters.valueBits - 1);
    expect(unpackSums(parameters, coefficients, count, 2)[3]).toBe(coefficients[8]);
    coefficients[2 * 4] = (coefficients[2 * 4] ?? 0) + 1;
    expect(() => unpackSums(parameters, coefficients, count, 2)).toThrow(/^sum 3 /);
  });
});

test("a sum of another number of chunks is refused", () => {
  const [set] = SETS;
  if (set === undefined) throw new Error("no set");
  const unpack = () => unpackSums(set, new Uint32Array(CHUNK_WORDS), valuesPerChunk(set) + 1, 2);
  expect(codeOf(unpack)).toBe("wrong-length");
});
