import { expect, test } from "vitest";
import { COSTS, withCosts } from "./costs.test-support.ts";
import { againstTargets, targetTable } from "./targets.ts";

const verdicts = (costs: typeof COSTS) => againstTargets(costs).map(({ verdict }) => verdict);

const BLAS = { gigaflops: 80 };

test("speeds that reach their targets exactly are met", () => {
  expect(verdicts({ ...COSTS, blas: BLAS })).toEqual(["met", "met", "met", "met"]);
  expect(againstTargets({ ...COSTS, blas: BLAS }).map(({ reached }) => reached)).toEqual([
    5, 15, 620, 4,
  ]);
});

test.each([
  [0, "mlp", { "operation-steps": { totalMs: 3.01 } }],
  [1, "mlp", { "static-steps": { totalMs: 1.01 } }],
  [2, "lenet", { "static-steps": { totalMs: 16.6 } }],
  [2, "lenet", { "static-steps": { impossible: "no static plan" } }],
  [3, "cnn", { "static-steps": { totalMs: 50.1, megaflops: 1000 } }],
])("target %i is missed where the %s costs %o", (index, model, changed) => {
  const wanted = ["met", "met", "met", "met"].with(index, "MISSED");
  expect(verdicts({ ...withCosts(model, changed), blas: BLAS })).toEqual(wanted);
});

test("what this machine cannot tell is not missed, and what was not trained is not spoken of", () => {
  expect(verdicts(COSTS)).toEqual(["met", "met", "met", "not measured"]);
  expect(verdicts({ ...COSTS, models: COSTS.models.slice(1, 2) })).toEqual(["met"]);
});

test("each target is a line with what was wanted and reached", () => {
  const costs = withCosts("mlp", { "operation-steps": { totalMs: 3.0612 } });
  const lines = targetTable(againstTargets(costs)).split("\n");
  expect(lines.slice(2).map((line) => line.replace(/ +/g, " ").trim())).toEqual([
    "MLP, operations: times faster than model.fit at least 5 4.9 MISSED",
    "MLP, static plan: times faster than model.fit at least 15 15.0 met",
    "LeNet-5, static plan: times faster than the cpu backend at least 150 620.0 met",
    "McMahan's CNN, static plan: times OpenBLAS' products alone at most 4 - not measured",
  ]);
});
