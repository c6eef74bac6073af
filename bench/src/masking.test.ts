import { expect, test } from "vitest";
import { benchMasking } from "./masking.ts";

test("a masked round costs its participants four bytes a parameter and a few kilobytes", () => {
  const costs = benchMasking({ participants: 5, parameters: 10_000, dropouts: 2 });
  expect(costs.sentBytes).toBeGreaterThan(costs.fedAvgSentBytes);
  expect(costs.sentBytes).toBeLessThan(costs.fedAvgSentBytes + 4096);
  expect(costs.participantCpuSeconds).toBeGreaterThan(0);
  expect(costs.coordinatorCpuSeconds).toBeGreaterThan(0);
});

test("the unmasked mean is plain FedAvg's within the rounding", () => {
  const { largestError } = benchMasking({ participants: 4, parameters: 1000, dropouts: 0 });
  // Scale 2^24: every update is off by less than a quantum, and weights are at least a thousandth of the cap.
  expect(largestError).toBeLessThan(1000 / 2 ** 24);
});

test("more dropouts than the threshold allows are no round", () => {
  expect(() => benchMasking({ participants: 5, parameters: 10, dropouts: 3 })).toThrow(
    expect.objectContaining({ code: "too-few" }),
  );
});
