import { expect, test } from "vitest";
import { lowerModel } from "../lowered-model.ts";
import { soakPlan } from "./soak-plans.ts";

test("a soak of LeNet-5 has dropout, Adam and a proximal term, and a static plan", () => {
  const plan = soakPlan("lenet");
  const model = lowerModel(plan);
  if ("unsupported" in model) throw new Error(model.unsupported);
  const kinds = model.operations.map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(["conv2d", "dropout", "dense"]));
  expect(plan.training).toMatchObject({ optimizer: { kind: "adam" }, proximal: 0.1 });
});

test("a soak of another model is refused", () => {
  expect(() => soakPlan("cnn")).toThrow('got "cnn", wanted mlp, lenet');
});
