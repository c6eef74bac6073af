import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sha256, sha256Hex } from "../hash.ts";
import { bytesOfWords } from "../vector.ts";
import { type FactorKind, fillFactors, PublicFactors } from "./public-factors.ts";
import { BLOCK_WORDS, MODULI } from "./ring.ts";

function factorsOf(kind: FactorKind, index: number): Uint32Array {
  const factors = new Uint32Array(MODULI.length * BLOCK_WORDS);
  fillFactors(factors, kind, index);
  return factors;
}

/** The definition once more, one word at a time; also how many words it rejected. */
function byDefinition(kind: string, index: number, modulus: number): [number[], number] {
  const seed = sha256(`chorus/ring-sis/v1/${kind}/${index}/${modulus}`);
  const cipher = createCipheriv("aes-128-ctr", seed.subarray(0, 16), seed.subarray(16));
  const stream = cipher.update(Buffer.alloc(4 * (BLOCK_WORDS + 64)));
  const accepted: number[] = [];
  let read = 0;
  for (; accepted.length < BLOCK_WORDS; read++) {
    const word = stream.readUInt32LE(4 * read) % 2 ** 31;
    if (word < modulus) accepted.push(word);
  }
  return [accepted, read - accepted.length];
}

describe("factors", () => {
  test("are the accepted words of the stream that the docstring says", () => {
    let rejected = 0;
    for (const kind of ["data", "randomness"] as const) {
      for (let index = 0; index < 6; index++) {
        const wanted = MODULI.map((modulus) => byDefinition(kind, index, modulus));
        expect([...factorsOf(kind, index)]).toEqual(wanted.flatMap(([words]) => words));
        rejected += wanted.reduce((sum, [, count]) => sum + count, 0);
      }
    }
    // Some words were rejected, or this would not have tried it.
    expect(rejected).toBeGreaterThan(0);
  });

  test("stay what they are: commitments of other versions would not add up", () => {
    expect(sha256Hex(bytesOfWords(factorsOf("data", 0)))).toBe(
      "4918c219940d6820ccae45d688c6b5050445f45ca6a23b343d310d791d1b85a3",
    );
    expect(sha256Hex(bytesOfWords(factorsOf("randomness", 0)))).toBe(
      "b061882f0de976726c8732a76a85a086b05e06b837ca863a5edca02dfe13b3db",
    );
  });

  test("are spread evenly over 64 classes, modulo each prime", () => {
    for (const [place, modulus] of MODULI.entries()) {
      const counts = new Array<number>(64).fill(0);
      for (let index = 0; index < 8; index++) {
        const part = factorsOf("data", index)
          .subarray(place * BLOCK_WORDS)
          .subarray(0, BLOCK_WORDS);
        for (const value of part) {
          const at = Math.floor((value / modulus) * 64);
          counts[at] = (counts[at] ?? 0) + 1;
        }
      }
      const wanted = (8 * BLOCK_WORDS) / 64;
      const chiSquare = counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0);
      // 63 degrees of freedom: above 120 with probability 2e-5, for factors that never change.
      expect(chiSquare).toBeLessThan(120);
    }
  });
});

describe("the cache", () => {
  test("gives the same factors with and without, at first and again", () => {
    for (const cachedWords of [0, 1, BLOCK_WORDS, 3 * BLOCK_WORDS]) {
      const factors = new PublicFactors({ cachedWords });
      for (const index of [0, 1, 2, 1, 0]) {
        expect(factors.block("data", index)).toEqual(factorsOf("data", index));
        expect(factors.block("randomness", 0)).toEqual(factorsOf("randomness", 0));
      }
    }
  });

  test("keeps as many blocks as it was told to, and no others", () => {
    const factors = new PublicFactors({ cachedWords: BLOCK_WORDS + 1 });
    const isKept = (index: number): boolean => {
      const first = factors.block("data", index);
      factors.block("data", index + 7);
      return factors.block("data", index) === first && first !== factors.block("data", index + 7);
    };
    expect([0, 1].map(isKept)).toEqual([true, true]);
    expect(factors.block("data", 2)).toBe(factors.block("data", 3));
  });

  test("of no number of words is refused", () => {
    for (const cachedWords of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new PublicFactors({ cachedWords })).toThrow(RangeError);
    }
  });
});
