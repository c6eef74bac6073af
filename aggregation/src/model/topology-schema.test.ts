import { expect, test } from "vitest";
import { parsePlan } from "../plan/parse-plan.ts";
import { PlanError } from "../plan/plan-error.ts";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";
import { replaced } from "../plan/tree.test-support.ts";
import { ACTIVATIONS } from "./topology.ts";

function refusalOf(layer: unknown): PlanError {
  try {
    parsePlan(replaced(IMAGE_PLAN, ["model", "config", "layers", "1"], layer));
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  throw new Error("the layer was accepted");
}

test.each([
  ["Conv2D", "the WASM backend has no gradient for its filters"],
  ["DepthwiseConv2D", "the WASM backend has no gradient for its filters"],
  [
    "MaxPooling2D",
    "the WASM backend loses its gradient wherever the largest value in a window is not positive",
  ],
  ["Embedding", "the WASM backend has no gradient for its table"],
  ["BatchNormalization", "its moving statistics describe one site's records"],
  ["LSTM", "its gradients have not been compared with the reference on every backend"],
])("%s is refused by name and with the reason", (className, reason) => {
  const error = refusalOf({ class_name: className, config: { filters: 8, kernel_size: [3, 3] } });
  expect(error).toMatchObject({
    code: "unsupported-layer",
    path: "model.config.layers.1.class_name",
  });
  expect(error.message).toContain(
    `got "${className}", wanted one of Dense, Flatten, Activation, Dropout: ${reason}`,
  );
});

test.each(["Wizard", "constructor", "__proto__", "dense", 7, null])(
  "a layer called %j is refused with the layers that exist",
  (className) => {
    const error = refusalOf({ class_name: className, config: {} });
    expect(error.code).toBe("unsupported-layer");
    expect(error.message).toMatch(/wanted one of Dense, Flatten, Activation, Dropout$/);
  },
);

test("an unsupported layer leads the message when other options are wrong as well", () => {
  const changed = replaced(IMAGE_PLAN, ["model", "config", "layers", "1"], {
    class_name: "Conv2D",
    config: {},
  });
  expect(() => parsePlan({ ...changed, name: "" })).toThrow(
    /^model\.config\.layers\.1\.class_name: got "Conv2D"/,
  );
});

test.each([
  ["a seed", { class_name: "Dropout", config: { rate: 0.5, seed: 1 } }, "seed"],
  [
    "an initialiser",
    { class_name: "Dense", config: { units: 5, kernel_initializer: "zeros" } },
    "kernel_initializer",
  ],
  ["a data type", { class_name: "Flatten", config: { dtype: "float32" } }, "dtype"],
])("a layer with %s is refused, as this package would not heed it", (_, layer, key) => {
  expect(refusalOf(layer)).toMatchObject({
    code: "bad-plan",
    path: `model.config.layers.1.config.${key}`,
  });
});

test.each(ACTIVATIONS)("a dense layer may have the activation %s", (activation) => {
  const layer = { class_name: "Dense", config: { units: 5, activation } };
  const plan = replaced<unknown>(IMAGE_PLAN, ["model", "config", "layers", "1"], layer);
  expect(parsePlan(plan).model.config.layers[1]).toEqual(layer);
});
