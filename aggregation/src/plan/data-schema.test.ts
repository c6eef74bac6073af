import { describe, expect, test } from "vitest";
import { parsePlan } from "./parse-plan.ts";
import type { Plan } from "./plan.ts";
import type { ImagesSchema } from "./plan-data.ts";
import { PlanError } from "./plan-error.ts";
import { classCount, exampleShape } from "./plan-facts.ts";
import { IMAGE_PLAN, TABLE_PLAN } from "./sample-plans.ts";
import { replaced } from "./tree.test-support.ts";

const IMAGES: ImagesSchema = {
  format: "images",
  classes: ["cat", "dog", "bird"],
  height: 4,
  width: 3,
  channels: 1,
  scale: 255,
  resize: "fill",
};
const SHAPE = "model.config.layers.0.config.batch_input_shape";
const FOLDERS = replaced(replaced(IMAGE_PLAN, ["data"], IMAGES), SHAPE.split("."), [null, 4, 3, 1]);

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

describe("a plan for folders of images", () => {
  test("takes images of its height, width and channels, in its classes", () => {
    const plan = parsePlan(FOLDERS);
    expect(exampleShape(plan)).toEqual([4, 3, 1]);
    expect(classCount(plan.data)).toBe(3);
  });

  test.each([
    ["data.height", 0, "a whole number from 1 to 4096"],
    ["data.width", 4097, "a whole number from 1 to 4096"],
    ["data.channels", 2, "1, grey, or 3, colour"],
    ["data.scale", 0, "a number from 0.000001"],
    ["data.scale", 1e-7, "a number from 0.000001"],
    ["data.resize", "crop", "one of refuse, fill"],
    ["data.classes", ["cat"], "a list of 2 to 1000"],
    ["data.classes.1", "../dog", "a folder's name"],
    ["data.classes.1", "..", "a folder's name"],
    ["data.classes.1", "a\\b", "a folder's name"],
    ["data.classes.1", "", "a folder's name"],
    ["data.classes.1", "a\nb", "a folder's name"],
    ["data.format", "tiff", "one of idx, images, csv, ndjson"],
  ])("is refused when %s is %j", (path, value, wanted) => {
    const message = refusal(FOLDERS, { [path]: value });
    expect(message).toContain(`${path}: got`);
    expect(message).toContain(`wanted ${wanted}`);
  });

  test.each([
    [{ "data.classes.2": "cat" }, 'data.classes.2: got "cat" again, wanted every one once'],
    [
      { [SHAPE]: [null, 4, 3] },
      `${SHAPE}: got [null, 4, 3], wanted [null, 4, 3, 1], height, width and channels of data`,
    ],
    [{ "data.channels": 3 }, `${SHAPE}: got [null, 4, 3, 1], wanted [null, 4, 3, 3]`],
    [
      { "data.classes": ["cat", "dog"] },
      "model.config.layers.4: got 3 outputs, wanted 2, for the plan's labels",
    ],
  ])("contradicts itself with %j", (changes, message) => {
    expect(refusal(FOLDERS, changes)).toContain(message);
  });
});

describe("a plan for NDJSON", () => {
  const plan = replaced(TABLE_PLAN, ["data", "format"], "ndjson");

  test("says what one for CSV says", () => {
    expect(refusal(plan, {})).toBe("accepted");
    expect(refusal(plan, { "data.features.1.column": "age" })).toContain('got "age" again');
    expect(refusal(plan, { "data.features.1.values": ["none", "some"] })).toContain(
      "the numbers that data.features become",
    );
    expect(refusal(plan, { "training.loss": "categoricalCrossentropy" })).toContain(
      "wanted binaryCrossentropy, which the labels ask for",
    );
  });
});

describe("an imputation", () => {
  test.each([
    { "data.features.0.missing": { impute: -54.5 } },
    { "data.features.1.missing": { impute: "much" } },
    { "data.features.0.missing": { impute: 0 }, "data.missing": "refuse" },
  ])("is accepted: %j", (changes) => {
    expect(refusal(TABLE_PLAN, changes)).toBe("accepted");
  });

  test.each([
    [{ "data.features.0.missing": { impute: "54" } }, 'missing.impute: got "54", wanted a number'],
    [{ "data.features.0.missing": {} }, "missing.impute: got nothing, wanted a number"],
    [{ "data.features.0.missing": "mean" }, 'missing: got "mean", wanted an object'],
    [
      { "data.features.1.missing": { impute: 1 } },
      "missing.impute: got 1, wanted a value of 1 to 128",
    ],
    [
      { "data.features.1.missing": { impute: "awful" } },
      'data.features.1.missing.impute: got "awful", wanted one of the feature\'s values',
    ],
    [
      { "data.features.0.missing": { impute: 1e300 } },
      "data.features.0.missing.impute: got 1e+300, wanted a number that float32 can hold",
    ],
    [{ "data.label.missing": { impute: 1 } }, "data.label.missing: got an unknown key"],
    [
      { "data.features.0.missing": { impute: 1, from: "mean" } },
      "data.features.0.missing.from: got an unknown key",
    ],
  ])("is refused: %j", (changes, message) => {
    expect(refusal(TABLE_PLAN, changes)).toContain(message);
  });
});
