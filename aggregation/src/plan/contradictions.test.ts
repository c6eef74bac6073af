import { describe, expect, test } from "vitest";
import { parsePlan } from "./parse-plan.ts";
import type { Plan } from "./plan.ts";
import { PlanError } from "./plan-error.ts";
import { ENCRYPTED_PLAN, IMAGE_PLAN, TABLE_PLAN } from "./sample-plans.ts";
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

describe("an encrypted round", () => {
  const many = (select: number, overSelect = 1) => ({
    "roundPolicy.select": select,
    "roundPolicy.overSelect": overSelect,
  });

  test.each([
    [8, 128],
    [15, 128],
    [16, 64],
  ])("of values of %i bits has room for all of %i that it selects", (valueBits, room) => {
    const bits = { "protection.valueBits": valueBits };
    expect(refusal(ENCRYPTED_PLAN, { ...bits, ...many(room) })).toBe("accepted");
    const wanted = `wanted at most ${room}, for which sums of encrypted ${valueBits}-bit values have room (who trains beyond select is left out)`;
    expect(refusal(ENCRYPTED_PLAN, { ...bits, ...many(room + 1) })).toBe(
      `roundPolicy.select: got ${room + 1}, ${wanted}`,
    );
    // More may be invited: no more than select take part.
    expect(refusal(ENCRYPTED_PLAN, { ...bits, ...many(room, 2) })).toBe("accepted");
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

  test("is told where its input says another shape", () => {
    const config = { batch_input_shape: [null, 5] };
    const input = { class_name: "InputLayer", name: "x", config, inbound_nodes: [] };
    const unit = {
      class_name: "Dense",
      name: "y",
      config: { units: 1, activation: "sigmoid" },
      inbound_nodes: [[["z", 0, 0]]],
    };
    const hidden = { ...unit, name: "z", inbound_nodes: [[["x", 0, 0]]] };
    const ends = { input_layers: [["x", 0, 0]], output_layers: [["y", 0, 0]] };
    const graph = { name: "graph", layers: [hidden, input, unit], ...ends };
    const path = "model.config.layers.1.config.batch_input_shape";
    expect(refusal(TABLE_PLAN, { model: { class_name: "Functional", config: graph } })).toBe(
      `${path}: got [null, 5], wanted [null, 4], the numbers that data.features become`,
    );
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

describe("a model that looks numbers up", () => {
  const layers = [
    {
      class_name: "Embedding",
      config: { batch_input_shape: [null, 4], input_dim: 9, output_dim: 2 },
    },
    { class_name: "Flatten", config: {} },
  ];
  const unit = { class_name: "Dense", config: { units: 1, activation: "sigmoid" } };
  const classes = { class_name: "Dense", config: { units: 3, activation: "softmax" } };
  const table = {
    "model.config.layers": [...layers, unit],
    "data.features.0": { column: "age", kind: "number", mean: 1, scale: 1 },
  };
  const images = { "model.config.layers": [...layers, classes], "data.scale": 1 };
  const feature = "data.features.0";
  const wanted = "as an Embedding layer looks whole numbers up";

  test.each([
    [
      TABLE_PLAN,
      table,
      { [`${feature}.scale`]: 9 },
      `${feature}.scale: got 9, wanted 1, ${wanted}`,
    ],
    [
      TABLE_PLAN,
      table,
      { [`${feature}.mean`]: 0.5 },
      `${feature}.mean: got 0.5, wanted a whole number, ${wanted}`,
    ],
    [
      TABLE_PLAN,
      table,
      { [`${feature}.missing`]: { impute: 2.5 } },
      `${feature}.missing.impute: got 2.5, wanted a whole number, ${wanted}`,
    ],
    [IMAGE_PLAN, images, { "data.scale": 255 }, `data.scale: got 255, wanted 1, ${wanted}`],
  ])("refuses data that is not whole", (plan, fitting, changes, message) => {
    expect(refusal(plan, fitting)).toBe("accepted");
    expect(refusal(plan, { ...fitting, ...changes })).toBe(message);
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
      "model.config.layers.4: got Dropout as the last layer, wanted Dense or Activation with softmax",
    ],
  ])("with %j does not fit them", (changes, message) => {
    expect(refusal(IMAGE_PLAN, changes)).toBe(message);
  });
});
