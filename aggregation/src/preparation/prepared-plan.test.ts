import { expect, test } from "vitest";
import { TABLE_PLAN } from "../plan/sample-plans.ts";
import type { PooledColumn } from "./pooled-columns.ts";
import { preparedPlan } from "./prepared-plan.ts";
import { parseTemplate } from "./template.ts";

const preparedBy = { runId: "a".repeat(64), modelHash: "b".repeat(64) };
const PAIN = { column: "pain", kind: "category", values: ["none", "some", "much"] };

test("a measured feature gets its own numbers where it comes after one that is not measured", () => {
  const weight = { column: "weight", kind: "number", mean: 70, scale: 15 };
  const age = { column: "age", kind: "number", range: [0, 120], missing: { impute: "mean" } };
  const pain = { ...PAIN, values: ["none", "some"], missing: { impute: "most-frequent" } };
  const features = [weight, age, pain];
  const template = parseTemplate({
    ...TABLE_PLAN,
    data: { ...TABLE_PLAN.data, features },
  });
  const pooled: readonly PooledColumn[] = [
    { column: "age", kind: "number", present: 1, mean: 54.5, scale: 9, isConstant: false },
    { column: "pain", kind: "category", present: 1, mostFrequent: "some" },
  ];
  expect(preparedPlan(template, pooled, preparedBy)).toMatchObject({
    preparedBy,
    data: {
      features: [
        weight,
        { column: "age", kind: "number", mean: 54.5, scale: 9, missing: { impute: 54.5 } },
        { ...pain, missing: { impute: "some" } },
      ],
    },
  });
});
