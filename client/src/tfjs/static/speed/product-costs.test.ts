import { expect, test } from "vitest";
import { lowerModel } from "../lowered-model.ts";
import { planNamed } from "./models.ts";
import { megaflops } from "./product-costs.ts";

/** Multiplications of one example's forward pass, counted by hand. */
const COUNTS: Readonly<Record<string, readonly number[]>> = {
  mlp: [784 * 200, 200 * 10],
  // LeCun et al. 1998: 6 and 16 filters of 5 x 5 on 28 x 28 (padded) and 14 x 14 pixels, then 120, 84 and 10 units.
  lenet: [28 * 28 * 6 * 25, 10 * 10 * 16 * 25 * 6, 400 * 120, 120 * 84, 84 * 10],
};

test.each(Object.entries(COUNTS))(
  "a step of the %s has its products three times, but for the gradient of its input",
  (name, products) => {
    const model = lowerModel(planNamed(name));
    if ("unsupported" in model) throw new Error(model.unsupported);
    const forward = products.reduce((sum, count) => sum + count, 0);
    const [first = 0] = products;
    const wanted = (2 * 32 * (forward + forward + (forward - first))) / 1e6;
    expect(Math.abs(megaflops(model, 32) - wanted)).toBeLessThan(1e-9);
  },
);

test("a convolution of each channel for itself looks at one channel a value", () => {
  const model = lowerModel(planNamed("depthwise"));
  if ("unsupported" in model) throw new Error(model.unsupported);
  const depthwise = model.operations.filter(({ kind }) => kind === "depthwise");
  const alone = megaflops({ ...model, operations: depthwise }, 1);
  const counts = depthwise.map((one) => 9 * one.outputs);
  const [first = 0] = counts;
  const forward = counts.reduce((sum, count) => sum + count, 0);
  expect(depthwise.length).toBeGreaterThan(0);
  expect(alone).toBeCloseTo((2 * (3 * forward - first)) / 1e6, 9);
});
