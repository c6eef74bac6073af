import { expect, test } from "vitest";
import { medianCosts } from "./median-costs.ts";

const parts = (ms: number) => ({ data: ms, forward: 2 * ms, backward: 3 * ms, optimizer: 9 - ms });

test("the total's median is reported, and each part's own, with what does not vary", () => {
  const turns = [5, 1, 2].map((ms) => ({ totalMs: 10 * ms, parts: parts(ms), megaflops: 72 }));
  expect(medianCosts(turns)).toEqual({
    totalMs: 20,
    megaflops: 72,
    parts: { data: 2, forward: 4, backward: 6, optimizer: 7 },
  });
});

test("a way that has no parts has a median of totals, and stays extrapolated", () => {
  const turns = [3, 9, 4].map((totalMs) => ({ totalMs, isExtrapolated: true as const }));
  expect(medianCosts(turns)).toEqual({ totalMs: 4, isExtrapolated: true });
});

test("a way that trains nothing says why", () => {
  const impossible = { impossible: "no kernel" };
  expect(medianCosts([impossible, impossible, impossible])).toEqual(impossible);
});
