import { expect, test } from "vitest";
import { classCount, encodedFeatureCount, exampleShape, invitationCount } from "./plan-facts.ts";
import { IMAGE_PLAN, TABLE_PLAN } from "./sample-plans.ts";

test("an example has the shape that the first layer takes, without the batch", () => {
  expect(exampleShape(IMAGE_PLAN)).toEqual([4, 3]);
  expect(exampleShape(TABLE_PLAN)).toEqual([4]);
});

test("a number is encoded as one number and a category as one for each value", () => {
  const number = { column: "a", kind: "number", mean: 0, scale: 1 } as const;
  const category = { column: "b", kind: "category", values: ["x", "y", "z"] } as const;
  const label = { column: "c", kind: "binary", positiveAbove: 0 } as const;
  const schema = { format: "csv", features: [number, category], label, missing: "refuse" } as const;
  expect(encodedFeatureCount(schema)).toBe(4);
});

test("a label takes as many classes as its schema says, two when it is binary", () => {
  expect(classCount(IMAGE_PLAN.data)).toBe(3);
  expect(classCount(TABLE_PLAN.data)).toBe(2);
});

test.each([
  [4, 1, 4],
  [4, 1.5, 6],
  [3, 1.5, 5],
  [10, 1.1, 11],
])("%i wanted and %d times invited are %i invitations", (select, overSelect, count) => {
  expect(invitationCount({ ...IMAGE_PLAN.roundPolicy, select, overSelect })).toBe(count);
});
