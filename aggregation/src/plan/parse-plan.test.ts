import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalPlan, parsePlan, planHash } from "./parse-plan.ts";
import { PlanError } from "./plan-error.ts";
import { ENCRYPTED_PLAN, IMAGE_PLAN, TABLE_PLAN } from "./sample-plans.ts";
import { at, leavesOf, objectsOf, replaced, shuffled } from "./tree.test-support.ts";

function errorOf(plan: unknown): PlanError {
  try {
    parsePlan(plan);
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error("the plan was accepted");
}

describe.each([IMAGE_PLAN, TABLE_PLAN, ENCRYPTED_PLAN])("the plan $name", (plan) => {
  test("is accepted as it stands, as a text or as a value", () => {
    expect(parsePlan(JSON.stringify(plan, null, 2))).toEqual(plan);
    expect(parsePlan(plan)).toEqual(plan);
  });

  test("has one canonical text, whatever the order of its members", () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat()), (order) => {
        const other = parsePlan(shuffled(plan, order));
        expect(canonicalPlan(other)).toBe(canonicalPlan(plan));
        expect(planHash(other)).toBe(planHash(plan));
      }),
    );
  });

  test("survives the way to its canonical text and back", () => {
    expect(parsePlan(canonicalPlan(plan))).toEqual(plan);
  });

  test("has another hash when any of its settings is another", () => {
    const hashes = leavesOf(plan).map((path) => planHash(replaced(plan, path, "another")));
    expect(hashes).not.toContain(planHash(plan));
    expect(new Set(hashes).size).toBe(leavesOf(plan).length);
  });

  test("is refused with an unknown key in any of its objects", () => {
    for (const path of objectsOf(plan)) {
      for (const key of ["surprise", "__proto__"]) {
        const object = Object.fromEntries([...Object.entries(at(plan, path) as object), [key, 1]]);
        const error = errorOf(replaced(plan, path, object));
        expect(error.path).toBe([...path, key].join("."));
        expect(error.message).toContain("got an unknown key, wanted known keys only");
      }
    }
  });

  test("is refused without any of its members but a layer's optional ones", () => {
    const optional = ["name", "activation", "use_bias"];
    for (const path of objectsOf(plan)) {
      for (const [key] of Object.entries(at(plan, path) as object)) {
        const { [key]: _, ...rest } = at(plan, path) as Record<string, unknown>;
        if (path.includes("layers") && path.at(-1) === "config" && optional.includes(key)) continue;
        expect(errorOf(replaced(plan, path, rest)).path).toBe([...path, key].join("."));
      }
    }
  });

  test("is refused when any of its settings has another type", () => {
    for (const path of leavesOf(plan)) {
      for (const value of [undefined, {}, [], Number.NaN, 1n])
        expect(errorOf(replaced(plan, path, value)).path).toBe(path.join("."));
    }
  });
});

test("a plan's hash is the SHA-256 that a second implementation gives it", () => {
  // Source: Python 3, hashlib.sha256 over json.dumps(plan, sort_keys=True, separators=(",", ":")).
  expect(planHash(IMAGE_PLAN)).toBe(
    "1383cb3a9f9f6a1c07d89921acfb79895b3171026e5a29c3478677f317df16b2",
  );
  expect(planHash(TABLE_PLAN)).toBe(
    "b95fd03028dfe59f0f8837f9e6b9643835f6230c2181fbe8bba585cac7f04c87",
  );
});

test.each([
  ["name", "", "1 to 64 of a-z, 0-9 and -"],
  ["name", "a".repeat(65), "1 to 64 of a-z, 0-9 and -"],
  ["name", "MNIST", "1 to 64 of a-z, 0-9 and -"],
  ["holdOut", 1, "a number from 0 up to but not 1"],
  ["holdOut", -0.1, "a number from 0 up to but not 1"],
  ["rounds", 0, "a whole number from 1 to 1000000"],
  ["rounds", 1.5, "a whole number from 1 to 1000000"],
  ["seed", 2 ** 32, "a whole number from 0 to 4294967295"],
  ["data.classes", 1, "a whole number from 2 to 256"],
  ["data.scale", 0, "a number from 0.000001 to 1000000000"],
  ["data.scale", 1e-300, "a number from 0.000001 to 1000000000"],
  ["training.loss", "meanSquaredError", "one of categoricalCrossentropy, binaryCrossentropy"],
  ["training.optimizer.kind", "rmsprop", "one of sgd, adam"],
  ["training.optimizer.learningRate", 0, "a number above 0, 1000 at most"],
  ["training.optimizer.momentum", 1, "a number from 0 up to but not 1"],
  ["training.batchSize", 0, "a whole number from 1 to 65536"],
  ["training.localSteps", 0, "a whole number from 1 to 1000000"],
  ["strategy.kind", "krum", "one of fedavg, fedavgm, diloco, fedadam, fedyogi"],
  ["strategy.momentum", 1, "a number from 0 up to but not 1"],
  ["protection.kind", "none", "one of masking, he"],
  ["protection.clippingNorm", 0, "a number from 0.000001 to 10000"],
  ["protection.maxExamples", 0, "a whole number from 1 to 1000000000"],
  ["roundPolicy.select", 2, "a whole number from 3 to 1000"],
  ["roundPolicy.overSelect", 0.9, "a number from 1 to 10"],
  ["roundPolicy.minSurvivors", 2, "a whole number from 3 to 1000"],
  ["roundPolicy.softDeadlineMs.training", 0, "a whole number from 1 to 604800000"],
  ["model.class_name", "Graph", "one of Sequential, Functional"],
  ["model.config.layers", [], "a list of 1 to 100"],
  ["model.config.layers.1.config.units", 0, "a whole number from 1 to 50000000"],
  ["model.config.layers.1.config.activation", "step", "one of linear, relu, "],
  ["model.config.layers.2.config.rate", 1, "a number from 0 up to but not 1"],
  ["model.config.layers.0.config.batch_input_shape", [null], "null and 1 to 4 sizes"],
  ["model.config.layers.0.config.batch_input_shape.0", 32, "null, the batch"],
  ["model.config.layers.0.config.batch_input_shape.1", null, "a whole number"],
])("%s: %j is refused, with what was wanted", (path, value, wanted) => {
  const error = errorOf(replaced(IMAGE_PLAN, path.split("."), value));
  expect(error.code).toBe("bad-plan");
  expect(error.path).toBe(path);
  expect(error.message).toContain(`wanted ${wanted}`);
});

test.each([0, 12, 32, "8"])("values of %j bits are not encrypted", (valueBits) => {
  const error = errorOf(replaced(ENCRYPTED_PLAN, ["protection", "valueBits"], valueBits));
  expect(error.message).toContain("wanted 8, 15 or 16");
  expect(error.path).toBe("protection.valueBits");
});

const NO_NAMES = ["", "a\nb", "a\u001b[31mb", "a\u009bb", " a", "a ", "x".repeat(129), "\ud800"];

test.each(NO_NAMES)("%j is neither a column's name nor a category's value", (column) => {
  const error = errorOf(replaced(TABLE_PLAN, ["data", "features", "0", "column"], column));
  expect(error.path).toBe("data.features.0.column");
  const value = errorOf(replaced(TABLE_PLAN, ["data", "features", "1", "values", "0"], column));
  expect(value.path).toBe("data.features.1.values.0");
});

test.each(["ä b", "血圧", "a.b", "x"])("%j is a column's name", (column) => {
  const plan = parsePlan(replaced(TABLE_PLAN, ["data", "features", "0", "column"], column));
  expect(plan.data).toMatchObject({ features: [{ column }, {}] });
});

test("everything that is wrong with a plan is in one message", () => {
  const wrong = { ...IMAGE_PLAN, rounds: 0, seed: -1, colour: "red" };
  expect(errorOf(wrong).message).toBe(
    "rounds: got 0, wanted a whole number from 1 to 1000000" +
      "; seed: got -1, wanted a whole number from 0 to 4294967295" +
      "; colour: got an unknown key, wanted known keys only",
  );
});

test.each([undefined, null, 7, [], "[]", "7"])("%j is not a plan", (value) => {
  expect(errorOf(value)).toMatchObject({ code: "bad-plan", path: "" });
});
