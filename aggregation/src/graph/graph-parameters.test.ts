import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GraphError } from "./graph-error.ts";
import {
  completeGraphParameters,
  findGraphParameters,
  type GraphRequirements,
  MAX_DEGREE,
} from "./graph-parameters.ts";
import { logUpperTail } from "./hypergeometric.ts";
import {
  GOOGLE_UNSAFE_VALUES,
  GOOGLE_VALUES,
  PUBLISHED_COMPLETE,
  PUBLISHED_REGULAR,
} from "./testing/published-parameters.ts";

const DEFAULT: GraphRequirements = {
  participants: 1000,
  colludingShare: 0.1,
  dropoutShare: 0.1,
  coordinator: "malicious",
  securityBits: 40,
  correctnessBits: 20,
  holders: "neighbours",
  maxDegree: 1_000_000,
};

describe("known answers", () => {
  test.each(GOOGLE_VALUES)("Google's finder: %s", (coordinator, collude, drop, rows) => {
    for (const [participants, degree, threshold] of rows) {
      const found = findGraphParameters({
        ...DEFAULT,
        participants,
        coordinator,
        colludingShare: collude,
        dropoutShare: drop,
      });
      expect({ participants, ...found }).toEqual({ participants, degree, threshold });
    }
  });

  test.each(GOOGLE_UNSAFE_VALUES)("a threshold raised to two is checked: %s, %d, %d", (...row) => {
    const [coordinator, colludingShare, dropoutShare] = row;
    const wanted = { ...DEFAULT, participants: 10, coordinator, colludingShare, dropoutShare };
    expect(findGraphParameters(wanted)).toEqual({ degree: 6, threshold: 2 });
    const dropped = { population: 10, marked: 3, sampled: 4 };
    expect(Math.exp(logUpperTail(dropped, 2))).toBeCloseTo(1 / 30, 10);
  });

  test.each(PUBLISHED_REGULAR)("table B.5: %s, %d and %d", (coordinator, collude, drop, row) => {
    const found = [100, 200, 500, 1000, 5000, 10_000, 100_000, 1_000_000].map((participants) => {
      const requirements = { ...DEFAULT, participants, coordinator };
      const { degree, threshold } = findGraphParameters({
        ...requirements,
        colludingShare: collude,
        dropoutShare: drop,
      });
      return `${degree}/${threshold}`;
    });
    expect(found.join(" ")).toBe(row);
  });

  test.each(PUBLISHED_COMPLETE)("table B.5, complete graph: %d colluding", (share, row) => {
    const found = [3, 5, 10, 20, 50, 100, 200].map((participants) => {
      const { degree, threshold } = completeGraphParameters(participants, share);
      expect(degree).toBe(participants - 1);
      return `${threshold} (${participants - threshold})`;
    });
    expect(found.join(" ")).toBe(row);
  });
});

/** n, gamma and delta that the search answers in a moment. */
const requirements = fc
  .record({
    participants: fc.integer({ min: 60, max: 3000 }),
    colludingShare: fc.constantFrom(0, 0.05, 0.1, 0.2),
    dropoutShare: fc.constantFrom(0, 0.05, 0.1, 0.2),
    coordinator: fc.constantFrom("semi-honest" as const, "malicious" as const),
    holders: fc.constantFrom("neighbours" as const, "neighbours-and-owner" as const),
  })
  .map((part) => ({ ...DEFAULT, ...part }));

describe("laws", () => {
  test("the degree is even and holds the threshold, which is at least two", () => {
    fc.assert(
      fc.property(requirements, (wanted) => {
        const { degree, threshold } = findGraphParameters(wanted);
        expect(degree % 2).toBe(0);
        expect(degree).toBeLessThan(wanted.participants - 1);
        expect(threshold).toBeGreaterThanOrEqual(2);
        expect(threshold).toBeLessThanOrEqual(degree);
      }),
    );
  });

  test("whoever asks for more never gets a smaller degree", () => {
    fc.assert(
      fc.property(requirements, (wanted) => {
        const { degree } = findGraphParameters(wanted);
        for (const harder of [
          { ...wanted, securityBits: 50 },
          { ...wanted, correctnessBits: 25 },
          { ...wanted, coordinator: "malicious" as const },
          { ...wanted, holders: "neighbours-and-owner" as const },
        ]) {
          expect(findGraphParameters(harder).degree).toBeGreaterThanOrEqual(degree);
        }
      }),
    );
  });

  test("a share that the owner keeps is counted against a malicious coordinator: 2t > k + 1 + colluders", () => {
    expect(findGraphParameters(DEFAULT)).toEqual({ degree: 96, threshold: 67 });
    // 67 shares of each half are 134 = 96 + 1 + 37: what the neighbours, the victim and 37 colluders give together.
    const counted = findGraphParameters({ ...DEFAULT, holders: "neighbours-and-owner" });
    expect(counted).toEqual({ degree: 100, threshold: 70 });
  });

  test("in a complete graph no two survivor sets both gather a threshold of shares", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 255 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (participants, share) => {
          const { threshold } = completeGraphParameters(participants, share);
          expect(2 * threshold).toBeGreaterThan(participants + Math.floor(share * participants));
        },
      ),
    );
  });
});

describe("refusals", () => {
  test.each([
    // The infeasible cases of Google's test.
    ["infeasible", { coordinator: "semi-honest", colludingShare: 0.5, dropoutShare: 0.5 }],
    ["infeasible", { colludingShare: 0.5, dropoutShare: 0.5 }],
    ["infeasible", { colludingShare: 0.33, dropoutShare: 0.33 }],
    ["bad-requirements", { dropoutShare: 1 }],
    ["bad-requirements", { dropoutShare: -1 }],
    ["bad-requirements", { participants: 0 }],
    // Ours.
    ["infeasible", { participants: 10, dropoutShare: 0.4 }],
    ["bad-requirements", { participants: 1_000_001 }],
    ["bad-requirements", { participants: 10.5 }],
    ["bad-requirements", { colludingShare: Number.NaN }],
    ["bad-requirements", { securityBits: 0 }],
    ["bad-requirements", { correctnessBits: Number.POSITIVE_INFINITY }],
    ["bad-requirements", { maxDegree: 1 }],
  ] as const)("%s: %o", (code, part) => {
    expect(codeOf(() => findGraphParameters({ ...DEFAULT, ...part }))).toBe(code);
  });

  test("a degree that shares in GF(2^8) have no points for is infeasible, and the message says what was asked", () => {
    const wanted = { ...DEFAULT, dropoutShare: 0.3 };
    expect(findGraphParameters(wanted).degree).toBe(414);
    expect(() => findGraphParameters({ ...wanted, maxDegree: MAX_DEGREE })).toThrow(
      new GraphError(
        "infeasible",
        "no even degree up to 254 is enough for 1000 participants, 0.1 colluding, 0.3 dropping out, a malicious coordinator",
      ),
    );
  });

  test("a complete graph has 2 to 255 participants", () => {
    expect(codeOf(() => completeGraphParameters(1, 0.1))).toBe("bad-requirements");
    expect(codeOf(() => completeGraphParameters(256, 0.1))).toBe("bad-requirements");
    expect(codeOf(() => completeGraphParameters(10, 1))).toBe("bad-requirements");
  });
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
