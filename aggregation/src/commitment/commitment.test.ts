import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wordsOfBytes } from "../vector.ts";
import { COMMITMENT_BYTES, Commitment, MAX_COMMITMENTS } from "./commitment.ts";
import { CommitmentError } from "./commitment-error.ts";
import { MODULI, RING_DEGREE } from "./ring.ts";

const VALUES = MODULI.length * RING_DEGREE;

function modulusAt(index: number): number {
  return MODULI[index < RING_DEGREE ? 0 : 1] ?? 0;
}

/** Values that are cheap to make, all below their modulus. */
function valuesFrom(seed: number): Uint32Array {
  return Uint32Array.from({ length: VALUES }, (_, i) => (seed * 31 + i * 524_287) % modulusAt(i));
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

describe("bytes", () => {
  test("are 16 KiB of little-endian values and read back to the same commitment", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const commitment = new Commitment(valuesFrom(seed));
        const bytes = commitment.toBytes();
        expect(bytes.length).toBe(16_384);
        expect(wordsOfBytes(bytes)).toEqual(valuesFrom(seed));
        expect(Commitment.fromBytes(bytes).equals(commitment)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("are copies, out and in", () => {
    const commitment = new Commitment(valuesFrom(1));
    const bytes = commitment.toBytes();
    const read = Commitment.fromBytes(bytes);
    bytes.fill(0);
    expect(read.equals(commitment)).toBe(true);
    expect(commitment.toBytes()).toEqual(read.toBytes());
  });

  test("of any other length are refused", () => {
    for (const length of [0, COMMITMENT_BYTES - 4, COMMITMENT_BYTES - 1, COMMITMENT_BYTES + 1]) {
      expect(codeOf(() => Commitment.fromBytes(new Uint8Array(length)))).toBe("wrong-length");
    }
    expect(codeOf(() => new Commitment(new Uint32Array(VALUES + 1)))).toBe("wrong-length");
  });

  test("a value that is not below its own modulus is refused, wherever it is", () => {
    fc.assert(
      fc.property(fc.nat(VALUES - 1), fc.nat(90_000), (index, above) => {
        const values = valuesFrom(1);
        values[index] = modulusAt(index) - 1;
        expect(new Commitment(values.slice()).toBytes().length).toBe(COMMITMENT_BYTES);
        values[index] = modulusAt(index) + above;
        const bytes = new Uint8Array(values.buffer);
        expect(codeOf(() => Commitment.fromBytes(bytes))).toBe("bad-residue");
      }),
      { numRuns: 50 },
    );
  });
});

describe("equality", () => {
  test("a commitment that differs in one value is another one", () => {
    fc.assert(
      fc.property(fc.nat(VALUES - 1), (index) => {
        const values = valuesFrom(1);
        values[index] = ((values[index] ?? 0) + 1) % modulusAt(index);
        expect(new Commitment(values).equals(new Commitment(valuesFrom(1)))).toBe(false);
      }),
    );
  });
});

describe("sums", () => {
  test("are taken value by value modulo each prime, in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), (seeds) => {
        const terms = seeds.map(valuesFrom);
        const commitments = terms.map((values) => new Commitment(values));
        const wanted = Uint32Array.from({ length: VALUES }, (_, i) => {
          const total = terms.reduce((sum, values) => sum + (values[i] ?? 0), 0);
          return total % modulusAt(i);
        });
        expect(wordsOfBytes(Commitment.sumOf(commitments).toBytes())).toEqual(wanted);
        expect(Commitment.sumOf(commitments.reverse()).equals(new Commitment(wanted))).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  test("of as many of the largest values as there may be are exact, and one more is refused", () => {
    const largest = Uint32Array.from({ length: VALUES }, (_, index) => modulusAt(index) - 1);
    const commitment = new Commitment(largest);
    // Each is -1, so that the sum of n is -n.
    const wanted = largest.map((value) => value + 1 - MAX_COMMITMENTS);
    const sum = Commitment.sumOf(new Array<Commitment>(MAX_COMMITMENTS).fill(commitment));
    expect(sum.equals(new Commitment(wanted))).toBe(true);
    const tooMany = new Array<Commitment>(MAX_COMMITMENTS + 1).fill(commitment);
    expect(codeOf(() => Commitment.sumOf(tooMany))).toBe("too-many");
  });

  test("of nothing are refused", () => {
    expect(codeOf(() => Commitment.sumOf([]))).toBe("too-few");
  });
});
