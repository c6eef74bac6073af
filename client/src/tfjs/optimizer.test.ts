import {
  memory,
  type Scalar,
  squaredDifference,
  sum,
  tensor1d,
  tidy,
  variable,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "./backend.ts";
import { openOptimizer, type UpdatePlan } from "./optimizer.ts";
import { descendByFormula, FORMULAS } from "./optimizer-formulas.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

const VALLEY = { start: 1, goal: 4, slope: 2 };

/** Where three steps down (x - 4)^2 lead from x = 1. */
function descend(plan: UpdatePlan): number {
  const x = tidy(() => variable(tensor1d([VALLEY.start])));
  using round = openOptimizer(plan, [x]);
  for (let step = 0; step < 3; step++) {
    tidy(() => void round.minimize(() => sum<Scalar>(squaredDifference(x, VALLEY.goal))));
  }
  const [reached = Number.NaN] = x.dataSync();
  x.dispose();
  return reached;
}

describe.each(FORMULAS)("%s", (_name, optimizer, formula) => {
  test("steps as its formula does, begins anew in every round and frees its tensors", () => {
    const before = memory().numTensors;
    const wanted = descendByFormula(formula(), VALLEY, 0);
    // Float32 keeps 7 digits of values below 4.
    expect(Math.abs(descend({ optimizer }) - wanted)).toBeLessThan(4e-6);
    expect(Math.abs(descend({ optimizer }) - wanted)).toBeLessThan(4e-6);
    expect(memory().numTensors).toBe(before);
  });

  test("is drawn back to the round's beginning as FedProx' formula says, and frees its tensors", () => {
    const before = memory().numTensors;
    const wanted = descendByFormula(formula(), VALLEY, 1.5);
    expect(Math.abs(wanted - descendByFormula(formula(), VALLEY, 0))).toBeGreaterThan(1e-4);
    expect(Math.abs(descend({ optimizer, proximal: 1.5 }) - wanted)).toBeLessThan(4e-6);
    expect(memory().numTensors).toBe(before);
  });

  test("steps the same, bit for bit, where FedProx draws by nothing", () => {
    expect(descend({ optimizer, proximal: 0 })).toBe(descend({ optimizer }));
  });
});
