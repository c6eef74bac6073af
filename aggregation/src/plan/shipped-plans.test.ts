import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { layoutOf } from "../model/layout.ts";
import { parsePlan } from "./parse-plan.ts";
import { classCount, exampleShape } from "./plan-facts.ts";

function shippedPlan(name: string) {
  return parsePlan(
    readFileSync(new URL(`../../../cli/plans/${name}.json`, import.meta.url), "utf8"),
  );
}

test.each([
  ["mnist", [28, 28], 10],
  ["heart-disease", [15], 2],
])("the shipped plan %s is valid and reads its data set", (name, shape, classes) => {
  const plan = shippedPlan(name);
  expect(exampleShape(plan)).toEqual(shape);
  expect(classCount(plan.data)).toBe(classes);
  expect(layoutOf(plan.model).parameters).toBeGreaterThan(0);
});

test.each(["mnist", "heart-disease"])(
  "the shipped plan %s completes rounds with one of its four sites lost",
  (name) => {
    expect(shippedPlan(name).roundPolicy).toMatchObject({ select: 4, quorum: 3, minSurvivors: 3 });
  },
);

test("the plan for heart disease leaves out what FLamby leaves out, and predicts num > 0", () => {
  const { data } = shippedPlan("heart-disease");
  if (data.format !== "csv") throw new Error("not a table");
  expect(data.features.map(({ column }) => column)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(slope|ca|thal|num)$/)]),
  );
  expect(data.missing).toBe("drop-row");
  expect(data.label).toEqual({ column: "num", kind: "binary", positiveAbove: 0 });
  const categories = data.features.filter(({ kind }) => kind === "category");
  expect(categories.map(({ column }) => column)).toEqual(["cp", "restecg"]);
});
