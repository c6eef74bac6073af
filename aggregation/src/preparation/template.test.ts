import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { initialModel } from "../model/initial-model.ts";
import { layoutOf } from "../model/layout.ts";
import { modelHash } from "../model/model-hash.ts";
import { canonicalPlan, parsePlan, parseRunPlan, planHash } from "../plan/parse-plan.ts";
import { PlanError } from "../plan/plan-error.ts";
import { TABLE_PLAN } from "../plan/sample-plans.ts";
import { isStatisticsPlan } from "../plan/statistics-plan.ts";
import { leavesOf, objectsOf, type Path, replaced } from "../plan/tree.test-support.ts";
import { statisticsPlanFor } from "./statistics-plan-for.ts";
import { parseTemplate } from "./template.ts";

const AGE = { column: "age", kind: "number", range: [0, 120], missing: { impute: "mean" } };
const PAIN = {
  column: "pain",
  kind: "category",
  values: ["none", "some", "much"],
  missing: { impute: "most-frequent" },
};

function templateWith(...features: readonly unknown[]): object {
  return { ...TABLE_PLAN, data: { ...TABLE_PLAN.data, features } };
}

function errorOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof PlanError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("a template asks for the statistics of its measured columns and of no others", () => {
  const [, pain] = "features" in TABLE_PLAN.data ? TABLE_PLAN.data.features : [];
  const template = parseTemplate(templateWith(AGE, pain));
  const statistics = statisticsPlanFor(template);
  expect(statistics.model.config.columns).toEqual([
    { column: "age", kind: "number", range: [0, 120] },
  ]);
  expect(statistics).toMatchObject({
    name: "sample-table-statistics",
    rounds: 1,
    protection: { clippingNorm: 2, maxExamples: TABLE_PLAN.protection.maxExamples },
    roundPolicy: TABLE_PLAN.roundPolicy,
  });
});

test("statistics are masked alone, whatever protects the training: they are for everybody", () => {
  const protection = { kind: "he", valueBits: 8, clippingNorm: 20, maxExamples: 300 };
  const template = parseTemplate({ ...(templateWith(AGE, PAIN) as object), protection });
  expect(template.plan.protection).toEqual(protection);
  const statistics = statisticsPlanFor(template);
  expect(parseRunPlan(statistics).protection).toMatchObject({ kind: "masking", maxExamples: 300 });
  expect(errorOf(() => parseRunPlan({ ...statistics, protection }))).toBe(
    'protection.kind: got "he", wanted "masking": the sums of statistics stand in the plan that is made of them; ' +
      "protection.valueBits: got an unknown key, wanted known keys only",
  );
});

test("a statistics plan reads back as it was written, begins with zeros and has its own hash", () => {
  const statistics = statisticsPlanFor(parseTemplate(templateWith(AGE, PAIN)));
  expect(parseRunPlan(canonicalPlan(statistics))).toEqual(statistics);
  const layout = layoutOf(statistics.model);
  expect(layout.tensors).toEqual([
    { name: "column_1/moments", shape: [3], offset: 0, size: 3 },
    { name: "column_2/shares", shape: [3], offset: 3, size: 3 },
  ]);
  expect(initialModel(layout, 42)).toEqual(new Float32Array(6));
  expect(modelHash(layout, new Float32Array(6))).toMatch(/^[0-9a-f]{64}$/);
  expect(planHash(statistics)).not.toBe(planHash(TABLE_PLAN));
});

test("a plan's parser says what to do with a template, and what a statistics plan is", () => {
  expect(errorOf(() => parsePlan(templateWith(AGE, PAIN)))).toBe(
    'data.features.0: got a template\'s feature, wanted numbers: make a plan of it with "chorus prepare" first',
  );
  expect(
    errorOf(() =>
      parsePlan(templateWith({ column: "age", kind: "number", mean: 54, scale: 9 }, PAIN)),
    ),
  ).toContain("data.features.1: ");
  const statistics = statisticsPlanFor(parseTemplate(templateWith(AGE, PAIN)));
  expect(errorOf(() => parsePlan(statistics))).toBe(
    'model.class_name: got "ColumnStatistics", a statistics run, wanted a model to train',
  );
});

test("what a plan is called most frequent may be one of its values, and is no template then", () => {
  const feature = { ...PAIN, values: ["none", "most-frequent", "much"] };
  const age = { column: "age", kind: "number", mean: 54, scale: 9 };
  expect(parsePlan(templateWith(age, feature)).data).toMatchObject({ features: [age, feature] });
});

test.each([
  [[{ ...AGE, range: [120, 0] }, PAIN], "data.features.0.range: "],
  [[{ ...AGE, range: [0, 9e-7] }, PAIN], "data.features.0.range: "],
  [[{ ...AGE, range: [0, Number.POSITIVE_INFINITY] }, PAIN], "data.features.0.range.1: "],
  [[{ ...AGE, mean: 54 }, PAIN], "data.features.0.mean: got an unknown key"],
  [[{ ...AGE, missing: { impute: "median" } }, PAIN], "data.features.0.missing.impute: "],
  [[AGE, { ...PAIN, values: ["none"] }], "data.features.1.values: "],
  [[AGE, { ...PAIN, column: "age" }], "data.features.1.column: "],
  [[AGE, { ...PAIN, values: ["none", "some"] }], "batch_input_shape: "],
  [[{ ...AGE, kind: "date" }, PAIN], "data.features.0.kind: "],
])("a template with %j is refused at %s", (features, path) => {
  expect(errorOf(() => parseTemplate(templateWith(...features)))).toContain(path);
});

test("a plan is no template: nothing is to be measured", () => {
  expect(errorOf(() => parseTemplate(TABLE_PLAN))).toContain("this may be a plan already");
});

test.each([
  [{ rounds: 2 }, "rounds: got 2, wanted 1"],
  [{ strategy: { kind: "fedyogi" } }, 'strategy.kind: got "fedyogi", wanted "fedavg"'],
  [{ holdOut: 0.1 }, "holdOut: got an unknown key"],
  [
    { protection: { ...TABLE_PLAN.protection, clippingNorm: 1.9 } },
    "protection.clippingNorm: got 1.9, wanted at least 2, so that no site's statistics are scaled down",
  ],
  [{ data: { format: "idx" } }, "data.format: "],
  [{ roundPolicy: { ...TABLE_PLAN.roundPolicy, quorum: 5 } }, "roundPolicy.quorum: "],
])("a statistics plan with %j is refused", (change, message) => {
  const statistics = statisticsPlanFor(parseTemplate(templateWith(AGE, PAIN)));
  expect(errorOf(() => parseRunPlan({ ...statistics, ...change }))).toContain(message);
});

test("a statistics plan that measures a column twice is refused", () => {
  const { model, ...rest } = statisticsPlanFor(parseTemplate(templateWith(AGE, PAIN)));
  const [age] = model.config.columns;
  const config = { ...model.config, columns: [age, age] };
  const twice = { ...rest, model: { ...model, config } };
  const clipping = { ...rest.protection, clippingNorm: 3 };
  expect(errorOf(() => parseRunPlan({ ...twice, protection: clipping }))).toBe(
    'model.config.columns.1.column: got "age" again, wanted every one once',
  );
});

test("a statistics plan that names a category's value twice is refused, by its place", () => {
  const twice = { column: "ward", kind: "category", values: ["a", "b", "a"] };
  const { model, ...rest } = statisticsPlanFor(parseTemplate(templateWith(AGE, PAIN)));
  const config = { ...model.config, columns: [twice] };
  expect(errorOf(() => parseRunPlan({ ...rest, model: { ...model, config } }))).toBe(
    'model.config.columns.0.values.2: got "a" again, wanted every one once',
  );
});

test.each([59, 64])(
  "the name of a plan of %i characters is cut for its statistics run",
  (length) => {
    const template = { ...templateWith(AGE, PAIN), name: "x".repeat(length) };
    const { name } = statisticsPlanFor(parseTemplate(template));
    expect(name).toBe(`${"x".repeat(53)}-statistics`);
    expect(name).toHaveLength(64);
  },
);

test("the shipped template for heart disease measures numbers and imputes what a hospital may lack", () => {
  const path = new URL("../../../cli/plans/heart-disease.template.json", import.meta.url);
  const { plan, measured } = parseTemplate(readFileSync(path, "utf8"));
  expect([...measured.values()].map(({ column }) => column)).toEqual([
    "age",
    "trestbps",
    "chol",
    "fbs",
    "restecg",
    "thalach",
    "exang",
    "oldpeak",
  ]);
  expect(plan.data.features).toHaveLength(10);
});

/** A tree with an arbitrary value somewhere in it. */
function disturbed(tree: object): fc.Arbitrary<unknown> {
  const paths: readonly Path[] = [...leavesOf(tree), ...objectsOf(tree)];
  return fc
    .tuple(fc.constantFrom(...paths), fc.jsonValue())
    .map(([path, value]) => replaced(tree, path, value));
}

test("whatever a template holds, it is refused as a plan is, or gives a plan and a statistics plan that are accepted", () => {
  fc.assert(
    fc.property(disturbed(templateWith(AGE, PAIN)), (json) => {
      try {
        const template = parseTemplate(json);
        expect(parsePlan(template.plan)).toEqual(template.plan);
        const statistics = statisticsPlanFor(template);
        expect(parseRunPlan(statistics)).toEqual(statistics);
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});

test("whatever a statistics plan holds, it is refused as a plan is, or has a layout with all its columns", () => {
  const statistics = statisticsPlanFor(parseTemplate(templateWith(AGE, PAIN)));
  fc.assert(
    fc.property(disturbed(statistics), (json) => {
      try {
        const plan = parseRunPlan(json);
        if (!isStatisticsPlan(plan)) throw new Error("another plan has other members");
        expect(layoutOf(plan.model).tensors).toHaveLength(plan.model.config.columns.length);
        expect(parseRunPlan(canonicalPlan(plan))).toEqual(plan);
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});
