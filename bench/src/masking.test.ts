import { openFastKernels, openPlainKernels } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { median } from "./masking/cpu-meter.ts";
import { benchMasking, benchSideBySide } from "./masking.ts";

test("a masked round costs its participants four bytes a parameter, 40 KiB of commitment and a few kilobytes", () => {
  const costs = benchMasking({ participants: 5, parameters: 10_000, dropouts: 2 }, openFastKernels);
  expect(costs.sentBytes).toBeGreaterThan(costs.fedAvgSentBytes);
  // The commitment is 16 KiB, its randomness 6,144 words.
  expect(costs.sentBytes).toBeLessThan(costs.fedAvgSentBytes + 40 * 1024 + 4096);
  expect(costs.commitmentCpuSeconds).toBeGreaterThan(0);
  expect(costs.commitmentCpuSeconds).toBeLessThan(costs.participantCpuSeconds);
  expect(costs.verificationCpuSeconds).toBeLessThan(costs.coordinatorCpuSeconds);
  expect(costs.participantCpuSeconds).toBeGreaterThan(0);
  expect(costs.coordinatorCpuSeconds).toBeGreaterThan(0);
});

test("the unmasked mean is plain FedAvg's within the rounding", () => {
  const { largestError } = benchMasking(
    { participants: 4, parameters: 1000, dropouts: 0 },
    openFastKernels,
  );
  // Scale 2^24: every update is off by less than a quantum, and weights are at least a thousandth of the cap.
  expect(largestError).toBeLessThan(1000 / 2 ** 24);
});

test("more dropouts than the threshold allows are no round", () => {
  expect(() =>
    benchMasking({ participants: 5, parameters: 10, dropouts: 3 }, openPlainKernels),
  ).toThrow(expect.objectContaining({ code: "too-few" }));
});

test("both kernels are measured on the same round, and both means are plain FedAvg's within the rounding", () => {
  const size = { participants: 4, parameters: 1000, dropouts: 1 };
  const { plain, fast } = benchSideBySide(size, 3);
  expect(plain).toMatchObject(size);
  expect(fast).toMatchObject(size);
  expect(Math.max(plain.largestError, fast.largestError)).toBeLessThan(1000 / 2 ** 24);
});

test("the median is the middle one, whatever the order", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([5])).toBe(5);
});
