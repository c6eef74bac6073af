import fc from "fast-check";
import { expect, test } from "vitest";
import { groupTrainings } from "./baselines.ts";

test("grouping keeps the number of trainings and makes no more groups than asked for", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 100 }),
      fc.integer({ min: 2, max: 20 }),
      (trainings, groups) => {
        const sum = (values: readonly number[]) =>
          values.reduce((total, value) => total + value, 0);
        const grouped = groupTrainings(trainings, groups);
        expect(sum(grouped)).toBe(sum(trainings));
        expect(grouped[0]).toBe(trainings[0]);
        expect(grouped.length).toBeLessThanOrEqual(groups);
      },
    ),
  );
});

test("no rounds give no groups", () => {
  expect(groupTrainings([], 8)).toEqual([]);
});
