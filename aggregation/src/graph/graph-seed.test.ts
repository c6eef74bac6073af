import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "../hash.ts";
import { bytesOfHex, hexOf } from "../hex.ts";
import { GraphError } from "./graph-error.ts";
import {
  type GraphNonceOpening,
  graphNonceCommitment,
  graphSeedOf,
  seedChoiceBits,
} from "./graph-seed.ts";

const OPENINGS: readonly GraphNonceOpening[] = Array.from({ length: 6 }, (_, index) => ({
  participantId: sha256Hex(`id ${index}`).slice(0, 32),
  nonce: bytesOfHex(sha256Hex(`nonce ${index}`)),
}));
const COMMITMENTS = OPENINGS.map(({ participantId, nonce }) => ({
  participantId,
  commitment: graphNonceCommitment(participantId, nonce),
}));
const [FIRST, SECOND] = OPENINGS;
if (FIRST === undefined || SECOND === undefined) throw new Error("no openings");

describe("the seed", () => {
  test("is the hash of ids and nonces, ids ascending", () => {
    const ascending = OPENINGS.toSorted((a, b) => (a.participantId < b.participantId ? -1 : 1));
    const parts = ascending.map(({ participantId, nonce }) => participantId + hexOf(nonce));
    const { graphSeed, opened } = graphSeedOf(COMMITMENTS, OPENINGS, 0);
    expect(hexOf(graphSeed)).toBe(sha256Hex("chorus/graph-seed/v1", bytesOfHex(parts.join(""))));
    expect(opened).toEqual(ascending.map(({ participantId }) => participantId));
  });

  test("is the same for every order of arrival", () => {
    const wanted = graphSeedOf(COMMITMENTS, OPENINGS, 0);
    const all = { minLength: OPENINGS.length };
    fc.assert(
      fc.property(
        fc.shuffledSubarray(COMMITMENTS, all),
        fc.shuffledSubarray([...OPENINGS], all),
        (commitments, openings) => {
          expect(graphSeedOf(commitments, openings, 0)).toEqual(wanted);
        },
      ),
    );
  });

  test("is another one for every set of openings: this is what colluders choose from", () => {
    const seeds = new Set<string>();
    for (let chosen = 1; chosen < 2 ** OPENINGS.length; chosen++) {
      const openings = OPENINGS.filter((_, index) => chosen & (1 << index));
      seeds.add(hexOf(graphSeedOf(COMMITMENTS, openings, 5).graphSeed));
    }
    expect(seeds.size).toBe(2 ** OPENINGS.length - 1);
  });

  test("leaves out who has not opened, up to as many as may be missing", () => {
    const opened = OPENINGS.slice(2);
    const ids = opened.map(({ participantId }) => participantId).toSorted();
    expect(graphSeedOf(COMMITMENTS, opened, 2).opened).toEqual(ids);
    expect(codeOf(() => graphSeedOf(COMMITMENTS, opened, 1))).toBe("too-few-openings");
    expect(codeOf(() => graphSeedOf(COMMITMENTS, [], 6))).toBe("too-few-openings");
    expect(codeOf(() => graphSeedOf([], [], 0))).toBe("too-few-openings");
  });
});

describe("refusals", () => {
  test("a nonce that differs in any bit from the one committed to", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (bit) => {
        const nonce = FIRST.nonce.slice();
        nonce[bit >> 3] = (nonce[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const openings = [{ ...FIRST, nonce }, ...OPENINGS.slice(1)];
        expect(codeOf(() => graphSeedOf(COMMITMENTS, openings, 5))).toBe("wrong-opening");
      }),
    );
  });

  test("a commitment copied from somebody else cannot be opened with that one's nonce", () => {
    const [, ...others] = COMMITMENTS;
    const copied = graphNonceCommitment(FIRST.participantId, FIRST.nonce);
    const commitments = [
      { participantId: FIRST.participantId, commitment: copied },
      { participantId: SECOND.participantId, commitment: copied },
      ...others.slice(1),
    ];
    const openings = [FIRST, { ...SECOND, nonce: FIRST.nonce }];
    expect(codeOf(() => graphSeedOf(commitments, openings, 5))).toBe("wrong-opening");
  });

  test("strangers, repetitions, short nonces and commitments", () => {
    const stranger = { participantId: "ab".repeat(16), nonce: FIRST.nonce };
    expect(codeOf(() => graphSeedOf(COMMITMENTS, [...OPENINGS, stranger], 5))).toBe(
      "unknown-participant",
    );
    expect(codeOf(() => graphSeedOf(COMMITMENTS, [...OPENINGS, FIRST], 5))).toBe("duplicate-id");
    expect(codeOf(() => graphSeedOf([...COMMITMENTS, ...COMMITMENTS], OPENINGS, 5))).toBe(
      "duplicate-id",
    );
    const short = { ...FIRST, nonce: FIRST.nonce.subarray(1) };
    expect(codeOf(() => graphSeedOf(COMMITMENTS, [short], 5))).toBe("bad-nonce");
    const cut = COMMITMENTS.map((one) => ({ ...one, commitment: one.commitment.subarray(1) }));
    expect(codeOf(() => graphSeedOf(cut, OPENINGS, 5))).toBe("wrong-opening");
    for (const mostMissing of [-1, 0.5, Number.NaN, 7]) {
      expect(codeOf(() => graphSeedOf(COMMITMENTS, OPENINGS, mostMissing))).toBe(
        "bad-requirements",
      );
    }
  });

  test("no message holds a nonce", () => {
    const other = { ...FIRST, nonce: SECOND.nonce };
    expect(() => graphSeedOf(COMMITMENTS, [other], 5)).toThrow(
      new GraphError(
        "wrong-opening",
        `the nonce of ${FIRST.participantId} is not the one it committed to`,
      ),
    );
  });
});

test("the seeds to choose from are counted: sums of binomial coefficients", () => {
  expect(seedChoiceBits(0, 0)).toBe(0);
  expect(seedChoiceBits(100, 0)).toBe(0);
  expect(seedChoiceBits(100, 1)).toBeCloseTo(Math.log2(101), 10);
  expect(seedChoiceBits(100, 5)).toBeCloseTo(Math.log2(79_375_496), 10);
  // All subsets.
  expect(seedChoiceBits(100, 100)).toBeCloseTo(100, 10);
  expect(seedChoiceBits(2000, 5000)).toBeCloseTo(2000, 8);
});

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof GraphError) return error.code;
    throw error;
  }
  return undefined;
}
