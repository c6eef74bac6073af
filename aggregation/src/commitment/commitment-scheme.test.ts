import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "../hash.ts";
import { seededRandom } from "../random.ts";
import { addRing, bytesOfWords } from "../vector.ts";
import type { Commitment } from "./commitment.ts";
import { CommitmentError } from "./commitment-error.ts";
import { CommitmentScheme } from "./commitment-scheme.ts";
import { fastRing, plainRing } from "./open-ring.ts";
import { drawCommitmentRandomness, RANDOMNESS_WORDS } from "./randomness.ts";
import { BLOCK_WORDS } from "./ring.ts";

/** Two full blocks and a part of a third. */
const LENGTH = 2 * BLOCK_WORDS + 777;

interface Participant {
  readonly words: Uint32Array;
  readonly randomness: Int32Array;
}

/** Words of 20 bits and a sign, as quantised updates are. */
function participant(name: string): Participant {
  const random = seededRandom(name);
  const words = new Uint32Array(LENGTH);
  random.fill(bytesOfWords(words));
  for (const [index, word] of words.entries()) words[index] = (word | 0) >> 11;
  return { words, randomness: drawCommitmentRandomness(random) };
}

/** The sum in Z_2^32 of words and of randomness, as unmasking gives it. */
function sumOf(participants: readonly Participant[]): {
  words: Uint32Array;
  randomness: Uint32Array;
} {
  const sum = { words: new Uint32Array(LENGTH), randomness: new Uint32Array(RANDOMNESS_WORDS) };
  for (const { words, randomness } of participants) {
    addRing(sum.words, words);
    addRing(sum.randomness, new Uint32Array(randomness.buffer));
  }
  return sum;
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof CommitmentError) return error.code;
    throw error;
  }
  return undefined;
}

const PARTICIPANTS = ["ada", "ben", "cy", "di", "eve"].map(participant);
const CLAIMED = sumOf(PARTICIPANTS);

describe.each([
  ["in WebAssembly", fastRing()],
  ["in TypeScript", plainRing()],
])("commitments %s", (_name, ring) => {
  const scheme = new CommitmentScheme({ cachedWords: LENGTH }, { ring });
  const commitments = PARTICIPANTS.map(({ words, randomness }) => scheme.commit(words, randomness));

  test("the true sum opens the sum of the commitments", () => {
    expect(scheme.verifySum(CLAIMED, commitments)).toBe(true);
  });

  test("a sum that is off by one or more in one word, wherever it is, does not", () => {
    const places = fc.oneof(fc.constantFrom(0, LENGTH - 1, BLOCK_WORDS), fc.nat(LENGTH - 1));
    const errors = fc.oneof(fc.constantFrom(1, -1, 2 ** 31), fc.integer({ min: 1 }));
    fc.assert(
      fc.property(places, errors, (place, error) => {
        const words = CLAIMED.words.slice();
        words[place] = (words[place] ?? 0) + error;
        expect(scheme.verifySum({ ...CLAIMED, words }, commitments)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  test("nor does one with two different words in each other's places, also of different blocks", () => {
    fc.assert(
      fc.property(fc.nat(LENGTH - 1), fc.nat(LENGTH - 1), (one, other) => {
        const words = CLAIMED.words.slice();
        [words[one], words[other]] = [words[other] ?? 0, words[one] ?? 0];
        const isSame = words[one] === words[other];
        expect(scheme.verifySum({ ...CLAIMED, words }, commitments)).toBe(isSame);
        const shifted = CLAIMED.words.slice();
        shifted.copyWithin(BLOCK_WORDS, 0, BLOCK_WORDS);
        shifted.set(CLAIMED.words.subarray(BLOCK_WORDS, 2 * BLOCK_WORDS));
        expect(scheme.verifySum({ ...CLAIMED, words: shifted }, commitments)).toBe(false);
      }),
      { numRuns: 10 },
    );
  });

  test("nor does one whose randomness is off by one", () => {
    fc.assert(
      fc.property(fc.nat(RANDOMNESS_WORDS - 1), fc.constantFrom(1, -1), (place, error) => {
        const randomness = CLAIMED.randomness.slice();
        randomness[place] = (randomness[place] ?? 0) + error;
        expect(scheme.verifySum({ ...CLAIMED, randomness }, commitments)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test("a sum that leaves a participant out, takes one twice or an unknown one is found out", () => {
    const [first] = PARTICIPANTS;
    if (first === undefined) throw new Error("no participants");
    for (const wrong of [
      PARTICIPANTS.slice(1),
      [...PARTICIPANTS, first],
      [...PARTICIPANTS.slice(1), participant("mallory")],
    ]) {
      expect(scheme.verifySum(sumOf(wrong), commitments)).toBe(false);
    }
    // Swapped words of two participants come to the same sum.
    expect(scheme.verifySum(sumOf(PARTICIPANTS.toReversed()), commitments)).toBe(true);
  });

  test("a sum up to the ends of the int32 range opens, one that wraps past them does not", () => {
    const committed = (word: number): Commitment =>
      scheme.commit(new Int32Array(LENGTH).fill(word, 5, 6), new Int32Array(RANDOMNESS_WORDS));
    const opens = (terms: readonly number[]): boolean => {
      const words = new Int32Array(LENGTH);
      words[5] = terms.reduce((sum, term) => sum + term, 0);
      const randomness = new Int32Array(RANDOMNESS_WORDS);
      return scheme.verifySum({ words, randomness }, terms.map(committed));
    };
    expect(opens([2 ** 30, 2 ** 30 - 1])).toBe(true);
    expect(opens([2 ** 30, 2 ** 30])).toBe(false);
    expect(opens([-(2 ** 30), -(2 ** 30)])).toBe(true);
    expect(opens([-(2 ** 30), -(2 ** 30), -1])).toBe(false);
    expect(opens([-(2 ** 31), 2 ** 31 - 1, 7])).toBe(true);
  });

  test("a vector that comes in any parts has the same commitment", () => {
    const [first] = PARTICIPANTS;
    if (first === undefined) throw new Error("no participants");
    fc.assert(
      fc.property(fc.array(fc.nat(LENGTH), { maxLength: 6 }), (cuts) => {
        const ends = [...cuts, LENGTH].toSorted((a, b) => a - b);
        using stream = scheme.open();
        for (const [index, end] of ends.entries()) {
          stream.absorb(first.words.subarray(ends[index - 1] ?? 0, end));
        }
        const [wanted] = commitments;
        expect(wanted && stream.finish(first.randomness).equals(wanted)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("factors that are made anew give the same commitment as those that were kept", () => {
    const [first, second] = PARTICIPANTS;
    if (first === undefined || second === undefined) throw new Error("no participants");
    for (const cachedWords of [0, BLOCK_WORDS]) {
      const other = new CommitmentScheme({ cachedWords }, { ring });
      const remade = other.commit(first.words, first.randomness);
      expect(commitments.map((one) => one.equals(remade))).toEqual([
        true,
        false,
        false,
        false,
        false,
      ]);
    }
  });

  test("stay what they are from version to version", () => {
    const [first] = commitments;
    expect(first && sha256Hex(first.toBytes())).toBe(
      "3fb47bbfc554589ed8e89032e69d5a9935704641e0e2d41957157d7e7ab11884",
    );
  });
});

describe("hiding", () => {
  const scheme = new CommitmentScheme({ cachedWords: LENGTH }, { ring: fastRing() });

  /** Chi-square of the values' upper six bits: 63 degrees of freedom. */
  const chiSquare = (commitment: Commitment): number => {
    const values = new Uint32Array(commitment.toBytes().buffer);
    const counts = new Array<number>(64).fill(0);
    for (const value of values) counts[value >>> 25] = (counts[value >>> 25] ?? 0) + 1;
    const wanted = values.length / 64;
    return counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0);
  };

  test("a commitment to nothing looks uniform, unless its randomness is left out", () => {
    const nothing = new Uint32Array(LENGTH);
    const randomness = drawCommitmentRandomness(seededRandom("hiding"));
    // Above 120 with probability 2e-5, for randomness that never changes.
    expect(chiSquare(scheme.commit(nothing, randomness))).toBeLessThan(120);
    expect(chiSquare(scheme.commit(nothing, new Int32Array(RANDOMNESS_WORDS)))).toBeGreaterThan(
      1e5,
    );
  });
});

describe("refusals", () => {
  const scheme = new CommitmentScheme({ cachedWords: 0 }, { ring: fastRing() });
  const randomness = new Int32Array(RANDOMNESS_WORDS);

  test("randomness of another length", () => {
    for (const length of [0, RANDOMNESS_WORDS - 1, RANDOMNESS_WORDS + 1]) {
      expect(codeOf(() => scheme.commit(new Uint32Array(3), new Int32Array(length)))).toBe(
        "wrong-randomness",
      );
    }
  });

  test("a sum of no commitments", () => {
    const words = new Uint32Array(3);
    expect(codeOf(() => scheme.verifySum({ words, randomness }, []))).toBe("too-few");
  });

  test("a stream after it was finished or disposed of", () => {
    const finished = scheme.open();
    finished.finish(randomness);
    expect(codeOf(() => finished.absorb(new Uint32Array(1)))).toBe("stream-used");
    expect(codeOf(() => finished.finish(randomness))).toBe("stream-used");
    const disposed = scheme.open();
    disposed[Symbol.dispose]();
    expect(codeOf(() => disposed.absorb(new Uint32Array(1)))).toBe("stream-used");
  });

  test("a stream that was refused its randomness can still be finished", () => {
    using stream = scheme.open();
    stream.absorb(Uint32Array.of(1, 2, 3));
    expect(codeOf(() => stream.finish(randomness.subarray(1)))).toBe("wrong-randomness");
    const wanted = scheme.commit(Uint32Array.of(1, 2, 3), randomness);
    expect(stream.finish(randomness).equals(wanted)).toBe(true);
  });
});
