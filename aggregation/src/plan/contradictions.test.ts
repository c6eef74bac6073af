import { describe, expect, test } from "vitest";
import { parsePlan } from "./parse-plan.ts";
import type { Plan } from "./plan.ts";
import { PlanError } from "./plan-error.ts";
import { IMAGE_PLAN, TABLE_PLAN } from "./sample-plans.ts";
import { replaced } from "./tree.test-support.ts";

/** What is said of a plan in which the values at some paths are others. */
function refusal(plan: Plan, changes: Record<string, unknown>): string {
  const changed = Object.entries(changes).reduce(
    (before, [path, value]) => replaced(before, path.split("."), value),
    plan,
  );
  try {
    parsePlan(changed);
  } catch (error) {
    if (error instanceof PlanError && error.code === "bad-plan") return error.message;
    throw error;
  }
  return "accepted";
}

describe("a round policy", () => {
  test.each([
    [
      { "roundPolicy.quorum": 5 },
      "roundPolicy.quorum: got 5, wanted at most roundPolicy.select, 4",
    ],
    [
      { "roundPolicy.minSurvivors": 4 },
      "roundPolicy.minSurvivors: got 4, wanted at most roundPolicy.quorum, 3",
    ],
    [
      { "roundPolicy.hardDeadlineMs.training": 999 },
      "roundPolicy.hardDeadlineMs.training: got 999, wanted at least roundPolicy.softDeadlineMs.training, 1000",
    ],
    [
      { "roundPolicy.softDeadlineMs.exchange": 501 },
      "roundPolicy.hardDeadlineMs.exchange: got 500, wanted at least roundPolicy.softDeadlineMs.exchange, 501",
    ],
    [
      { "roundPolicy.select": 500, "roundPolicy.overSelect": 2.002 },
      "roundPolicy.overSelect: got 1001 invitations, wanted at most 1000",
    ],
  ])("with %j contradicts itself", (changes, message) => {
    expect(refusal(IMAGE_PLAN, changes)).toBe(message);
  });

  test.each([
    { "roundPolicy.quorum": 4, "roundPolicy.minSurvivors": 4 },
    { "roundPolicy.select": 3, "roundPolicy.overSelect": 1 },
    { "roundPolicy.select": 1000, "roundPolicy.overSelect": 1 },
    { "roundPolicy.hardDeadlineMs.training": 1000 },
  ])("with %j is at its limit and accepted", (changes) => {
    expect(refusal(IMAGE_PLAN, changes)).toBe("accepted");
  });
});

describe("columns", () => {
  const features = "data.features";
  test.each([
    [
      { [`${features}.1.column`]: "age" },
      'data.features.1.column: got "age" again, wanted every one once',
    ],
    [{ "data.label.column": "age" }, 'data.label.column: got "age" again, wanted every one once'],
    [
      { [`${features}.1.values`]: ["none", "much", "none"] },
      'data.features.1.values.2: got "none" again, wanted every one once',
    ],
    [
      {
        "data.label": { column: "diagnosis", kind: "category", values: ["yes", "yes"] },
        "training.loss": "categoricalCrossentropy",
        "model.config.layers.0.config": {
          batch_input_shape: [null, 4],
          units: 2,
          activation: "softmax",
        },
      },
      'data.label.values.1: got "yes" again, wanted every one once',
    ],
  ])("with %j are ambiguous", (changes, message) => {
    expect(refusal(TABLE_PLAN, changes)).toBe(message);
  });
});

describe("a model for records", () => {
  const shape = "model.config.layers.0.config.batch_input_shape";
  test.each([
    [
      { [shape]: [null, 5] },
      `${shape}: got [null, 5], wanted [null, 4], the numbers that data.features become`,
    ],
    [
      { "data.features.1.values": ["none", "some"] },
      `${shape}: got [null, 4], wanted [null, 3], the numbers that data.features become`,
    ],
    [
      { "training.loss": "categoricalCrossentropy" },
      "training.loss: got categoricalCrossentropy, wanted binaryCrossentropy, which the labels ask for",
    ],
    [
      { "model.config.layers.0.config.activation": "tanh" },
      "model.config.layers.0.config.activation: got tanh, wanted sigmoid at the end, for binaryCrossentropy",
    ],
    [
      { "model.config.layers.0.config.units": 2 },
      "model.config.layers.0: got 2 outputs, wanted 1, for the plan's labels",
    ],
    [
      { "data.label": { column: "diagnosis", kind: "category", values: ["a", "b"] } },
      "training.loss: got binaryCrossentropy, wanted categoricalCrossentropy, which the labels ask for",
    ],
  ])("with %j does not fit them", (changes, message) => {
    expect(refusal(TABLE_PLAN, changes)).toBe(message);
  });

  test("fits a label of classes with as many softmax units", () => {
    const changes = {
      "data.label": { column: "species", kind: "category", values: ["a", "b", "c"] },
      "training.loss": "categoricalCrossentropy",
      "model.config.layers.0.config": {
        batch_input_shape: [null, 4],
        units: 3,
        activation: "softmax",
      },
    };
    expect(refusal(TABLE_PLAN, changes)).toBe("accepted");
  });
});

describe("a model for images", () => {
  test.each([
    [
      { "data.classes": 4 },
      "model.config.layers.4: got 3 outputs, wanted 4, for the plan's labels",
    ],
    [
      { "training.loss": "binaryCrossentropy" },
      "training.loss: got binaryCrossentropy, wanted categoricalCrossentropy, which the labels ask for",
    ],
    [
      { "model.config.layers.4.config.activation": "sigmoid" },
      "model.config.layers.4.config.activation: got sigmoid, wanted softmax at the end, for categoricalCrossentropy",
    ],
    [
      { "model.config.layers.4": { class_name: "Dense", config: { units: 3 } } },
      "model.config.layers.4.config.activation: got linear, wanted softmax at the end, for categoricalCrossentropy",
    ],
    [
      { "model.config.layers.4": { class_name: "Dropout", config: { rate: 0.5 } } },
      "model.config.layers.4: got Dropout as the last layer, wanted activation softmax",
    ],
  ])("with %j does not fit them", (changes, message) => {
    expect(refusal(IMAGE_PLAN, changes)).toBe(message);
  });
});
