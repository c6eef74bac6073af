import { expect, test } from "vitest";
import type { ColumnStatistics, StatisticsColumn } from "../model/column-statistics.ts";
import { pooledColumns } from "./pooled-columns.ts";

/** Half its range is 100, so that a parameter in units of the range is a hundredth of the column's own. */
const AGE: StatisticsColumn = { column: "age", kind: "number", range: [-20, 180] };
const PAIN: StatisticsColumn = { column: "pain", kind: "category", values: ["a", "b", "c"] };

/** What parameters say, each off by at most `error`. */
function pooled(column: StatisticsColumn, parameters: readonly number[], error: number) {
  const model: ColumnStatistics = {
    class_name: "ColumnStatistics",
    config: { name: "sample", columns: [column] },
  };
  const [found] = pooledColumns(model, Float32Array.from(parameters), error);
  return found;
}

test("a spread that the errors of the sums alone could make is none: 6 error / present", () => {
  // Half the rows have a value; their variance is 3 * 2^-10 against 6 * error / 0.5.
  const moments = [0.5, 0, 0.5 * 3 * 2 ** -10];
  const [bound, scale] = [2 ** -12, 100 * Math.sqrt(3 * 2 ** -10)];
  expect(pooled(AGE, moments, bound)).toMatchObject({ isConstant: true, scale: 1, mean: 80 });
  expect(pooled(AGE, moments, 0.99 * bound)).toMatchObject({
    isConstant: false,
    scale: Number(scale.toPrecision(6)),
  });
});

test("a number's values are there when more of them are than its one share can be off by", () => {
  expect(() => pooled(AGE, [2 ** -10, 0, 0], 2 ** -10)).toThrow('got no value of column "age"');
  expect(pooled(AGE, [2 ** -10, 0, 0], 2 ** -11)).toMatchObject({ present: 2 ** -10 });
});

test("a category's values are there when more of them are than all its shares can be off by", () => {
  const shares = [2 ** -10, 2 ** -10, 2 ** -10];
  expect(() => pooled(PAIN, shares, 2 ** -10)).toThrow('got no value of column "pain"');
  expect(pooled(PAIN, shares, 0.99 * 2 ** -10)).toMatchObject({ mostFrequent: "a" });
});

test("shares and means that the errors of the sums have moved beyond what they can be are brought back", () => {
  expect(pooled(AGE, [1.0001, 1.01, 1.2], 1e-3)).toMatchObject({ present: 1, mean: 180 });
  expect(pooled(AGE, [1.0001, -1.01, 1.2], 1e-3)).toMatchObject({ present: 1, mean: -20 });
  expect(pooled(PAIN, [0.5, 0.5001, 0.1], 1e-3)).toMatchObject({ present: 1, mostFrequent: "b" });
});
