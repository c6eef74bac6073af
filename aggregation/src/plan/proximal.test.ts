import { expect, test } from "vitest";
import { parsePlan, planHash } from "./parse-plan.ts";
import type { Optimizer } from "./plan.ts";
import { IMAGE_PLAN } from "./sample-plans.ts";

const ADAM: Optimizer = { kind: "adam", learningRate: 0.1 };

function withProximal(proximal: number, optimizer: Optimizer = ADAM): object {
  return { ...IMAGE_PLAN, training: { ...IMAGE_PLAN.training, optimizer, proximal } };
}

test.each([1e-6, 0.01, 1000])(
  "a plan may draw weights back by %d, and its hash says so",
  (strength) => {
    const plan = parsePlan(withProximal(strength));
    expect(plan.training.proximal).toBe(strength);
    const { proximal: _, ...training } = plan.training;
    expect(planHash(plan)).not.toBe(planHash({ ...plan, training }));
  },
);

test.each([0, -0.1, 1000.1, Number.POSITIVE_INFINITY, Number.NaN])(
  "a plan that draws weights back by %d is refused: what does not apply is left out",
  (strength) => {
    expect(() => parsePlan(withProximal(strength))).toThrow(
      expect.objectContaining({ code: "bad-plan", path: "training.proximal" }),
    );
  },
);

test.each([
  [0, 20],
  [0.5, 30],
])("gradient descent with momentum %d and rate 0.1 overshoots from %d on", (momentum, largest) => {
  const optimizer: Optimizer = { kind: "sgd", learningRate: 0.1, momentum };
  expect(parsePlan(withProximal(largest - 0.1, optimizer)).training.proximal).toBe(largest - 0.1);
  expect(() => parsePlan(withProximal(largest, optimizer))).toThrow(
    `training.proximal: got ${largest}, wanted below 2 (1 + momentum) / learningRate, ${largest}`,
  );
  // The claim itself: along the term alone, w <- w - rate * v with v <- momentum * v + proximal * w.
  expect(distance(optimizer, largest * 0.99)).toBeLessThan(1e-3);
  expect(distance(optimizer, largest * 1.01)).toBeGreaterThan(1e3);
});

/** Of a weight that begins 1 away, after 2000 steps along the proximal term alone. */
function distance(optimizer: Extract<Optimizer, { kind: "sgd" }>, proximal: number): number {
  let [weight, velocity] = [1, 0];
  for (let step = 0; step < 2000; step++) {
    velocity = optimizer.momentum * velocity + proximal * weight;
    weight -= optimizer.learningRate * velocity;
  }
  return Math.abs(weight);
}
