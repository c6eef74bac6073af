import { expect, test } from "vitest";
import { findGraphParameters, MAX_DEGREE } from "../graph/graph-parameters.ts";
import { seedChoiceBits } from "../graph/graph-seed.ts";
import { LARGEST_COMPLETE, mostMissingOf, neighbourhoodFor } from "./neighbourhood.ts";

// Source: the table of thresholds for a tenth of colluders, Bonawitz et al. 2017, section 6.3, with t = floor((n + n_c)/2) + 1.
test("up to 200 participants the graph is complete, with the thresholds of the protocol's table", () => {
  const table = [
    [2, 2],
    [3, 2],
    [5, 3],
    [10, 6],
    [20, 12],
    [50, 28],
    [100, 56],
    [200, 111],
  ] as const;
  for (const [size, threshold] of table) {
    expect(neighbourhoodFor(size)).toEqual({ degree: size - 1, threshold });
  }
});

test("two sets of threshold size in a complete graph always share more participants than collude", () => {
  for (let size = 2; size <= LARGEST_COMPLETE; size++) {
    const { threshold } = neighbourhoodFor(size);
    expect(2 * threshold).toBeGreaterThan(size + Math.floor(size / 10));
    expect(threshold).toBeLessThanOrEqual(size);
  }
});

test("every larger cohort up to 10,000 has a graph whose shares fit GF(2^8)", () => {
  for (const size of [201, 202, 211, 255, 256, 300, 500, 999, 1000, 2000, 5000, 9999, 10_000]) {
    const { degree, threshold } = neighbourhoodFor(size);
    expect(degree % 2).toBe(0);
    expect(degree).toBeLessThanOrEqual(MAX_DEGREE);
    expect(degree).toBeLessThan(size - mostMissingOf(size));
    expect(threshold).toBeLessThan(degree);
  }
});

test("beyond 200 the parameters also withstand a coordinator that chooses who of its colluders opens a nonce", () => {
  for (const size of [201, 500]) {
    const colluders = Math.floor(size / 10);
    const bits = 40 + Math.ceil(seedChoiceBits(colluders, mostMissingOf(size)));
    const participants = size - mostMissingOf(size);
    const needed = findGraphParameters({
      participants,
      colludingShare: colluders / participants,
      dropoutShare: 0,
      coordinator: "malicious",
      securityBits: bits,
      correctnessBits: 1,
      holders: "neighbours-and-owner",
      maxDegree: MAX_DEGREE,
    });
    const { degree, threshold } = neighbourhoodFor(size);
    expect(degree).toBeGreaterThanOrEqual(needed.degree);
    expect(threshold).toBeGreaterThanOrEqual(needed.threshold);
  }
});
