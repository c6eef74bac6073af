import type { Impossible, StepCosts } from "@chorus/client";
import { median } from "../masking/cpu-meter.ts";
import { PARTS } from "./programs.ts";

/** Of an odd number of measurements of one way: the medians of the total and of each part, or why there are none. */
export function medianCosts(all: readonly (StepCosts | Impossible)[]): StepCosts | Impossible {
  const costs = all.filter((one): one is StepCosts => !("impossible" in one));
  const [first] = costs;
  if (first === undefined) return all[0] ?? { impossible: "not measured" };
  const totalMs = median(costs.map((one) => one.totalMs));
  const parts = costs.flatMap((one) => one.parts ?? []);
  if (parts.length === 0) return { ...first, totalMs };
  const medians = PARTS.map((part) => [part, median(parts.map((one) => one[part]))]);
  return { ...first, totalMs, parts: Object.fromEntries(medians) };
}
