import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawCommitmentRandomness, RANDOMNESS_WORDS } from "../commitment/randomness.ts";
import { seededRandom } from "../random.ts";
import { heParameters } from "./parameters.ts";
import { randomnessValues, readRandomness, writeRandomness } from "./randomness-limbs.ts";
import { codeOf } from "./testing/round.ts";

describe.each([
  [8, 12_288],
  [15, 12_288],
  [16, 6144],
] as const)("%i bits", (valueBits, wanted) => {
  const parameters = heParameters(valueBits, 3);

  function limbsOf(randomness: Int32Array): Uint16Array {
    const limbs = new Uint16Array(randomnessValues(parameters));
    writeRandomness(parameters, limbs, randomness);
    return limbs;
  }

  function sumOf(all: readonly Int32Array[]): Uint32Array {
    const sums = new Uint32Array(wanted);
    for (const randomness of all) {
      for (const [i, limb] of limbsOf(randomness).entries()) sums[i] = (sums[i] ?? 0) + limb;
    }
    return sums;
  }

  test("the sum of limbs is the sum of words, whoever drew them", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (names) => {
        const all = names.map((name) => drawCommitmentRandomness(seededRandom(name)));
        const exact = Int32Array.from({ length: RANDOMNESS_WORDS }, (_, i) =>
          all.reduce((sum, words) => sum + (words[i] ?? 0), 0),
        );
        expect(readRandomness(parameters, sumOf(all), names.length)).toEqual(exact);
      }),
      { numRuns: 5 },
    );
  });

  test("so are the largest and the smallest words", () => {
    for (const word of [-(2 ** 15), -1, 0, 2 ** 15 - 1]) {
      const all = Array.from({ length: 3 }, () => new Int32Array(RANDOMNESS_WORDS).fill(word));
      const sum = new Int32Array(RANDOMNESS_WORDS).fill(3 * word);
      expect(readRandomness(parameters, sumOf(all), 3)).toEqual(sum);
    }
  });

  test("every limb fits a lane", () => {
    const limbs = limbsOf(drawCommitmentRandomness(seededRandom("fits")));
    expect(limbs).toHaveLength(wanted);
    expect(limbs.every((limb) => limb < 2 ** valueBits)).toBe(true);
  });

  test("words of more than 16 bits, sums that nobody can have, and other lengths are refused", () => {
    for (const word of [2 ** 15, -(2 ** 15) - 1]) {
      const randomness = new Int32Array(RANDOMNESS_WORDS);
      randomness[4000] = word;
      expect(() => limbsOf(randomness)).toThrow(/^randomness\[4000\]/);
      expect(codeOf(() => limbsOf(randomness))).toBe("out-of-range");
    }
    const sums = sumOf([new Int32Array(RANDOMNESS_WORDS).fill(2 ** 15 - 1)]);
    expect(readRandomness(parameters, sums, 1)[9]).toBe(2 ** 15 - 1);
    sums[9] = (sums[9] ?? 0) + 1;
    expect(codeOf(() => readRandomness(parameters, sums, 1))).toBe("overflow");
    expect(codeOf(() => readRandomness(parameters, sums.subarray(1), 1))).toBe("wrong-length");
    expect(codeOf(() => limbsOf(new Int32Array(5)))).toBe("wrong-length");
    const short = new Uint16Array(wanted - 1);
    const write = () => writeRandomness(parameters, short, new Int32Array(RANDOMNESS_WORDS));
    expect(codeOf(write)).toBe("wrong-length");
  });
});
