import { expect, test } from "vitest";
import { parsePlan } from "../plan/parse-plan.ts";
import { PlanError } from "../plan/plan-error.ts";
import { IMAGE_PLAN } from "../plan/sample-plans.ts";
import { replaced } from "../plan/tree.test-support.ts";
import { ACTIVATIONS } from "./layers/activation-names.ts";

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
  ["Conv3D", "the WASM backend computes its gradient wrongly"],
  ["UpSampling2D", "the reference that every site compares its gradients with computes this one"],
  ["BatchNormalization", "its moving statistics describe one site's records"],
  ["Bidirectional", "rows are read forwards: use GRU or LSTM"],
  ["GaussianNoise", "it draws from a generator without a seed: use Dropout"],
])("%s is refused by name and with the reason", (className, reason) => {
  const error = refusalOf({ class_name: className, config: { filters: 8, kernel_size: [3, 3] } });
  expect(error).toMatchObject({
    code: "unsupported-layer",
    path: "model.config.layers.1.class_name",
  });
  expect(error.message).toContain(`got "${className}", wanted another layer: ${reason}`);
});

test.each(["Wizard", "constructor", "__proto__", "dense", 7, null])(
  "a layer called %j is refused with the layers that exist",
  (className) => {
    const error = refusalOf({ class_name: className, config: {} });
    expect(error.code).toBe("unsupported-layer");
    expect(error.message).toMatch(/wanted one of Dense, Activation, ReLU, .*, Concatenate, Dot$/);
  },
);

test("an unsupported layer leads the message when other options are wrong as well", () => {
  const changed = replaced(IMAGE_PLAN, ["model", "config", "layers", "1"], {
    class_name: "Conv3D",
    config: {},
  });
  expect(() => parsePlan({ ...changed, name: "" })).toThrow(
    /^model\.config\.layers\.1\.class_name: got "Conv3D"/,
  );
});

test.each([
  ["a seed", { class_name: "Dropout", config: { rate: 0.5, seed: 1 } }, "seed"],
  [
    "an initialiser of its own",
    { class_name: "Dense", config: { units: 5, kernel_initializer: "zeros" } },
    "kernel_initializer",
  ],
  ["another data type", { class_name: "Flatten", config: { dtype: "int32" } }, "dtype"],
  [
    "a regulariser",
    { class_name: "Dense", config: { units: 5, kernel_regularizer: { class_name: "L1L2" } } },
    "kernel_regularizer",
  ],
  [
    "weights that are not trained",
    { class_name: "Dense", config: { units: 5, trainable: false } },
    "trainable",
  ],
  [
    "channels first",
    { class_name: "MaxPooling2D", config: { pool_size: [2, 2], data_format: "channels_first" } },
    "data_format",
  ],
  [
    "dilation",
    { class_name: "Conv2D", config: { filters: 1, kernel_size: [2, 2], dilation_rate: [2, 2] } },
    "dilation_rate",
  ],
  ["dropout within", { class_name: "LSTM", config: { units: 5, dropout: 0.5 } }, "dropout"],
  [
    "dropout of its state",
    { class_name: "LSTM", config: { units: 5, recurrent_dropout: 0.5 } },
    "recurrent_dropout",
  ],
  [
    "rows backwards",
    { class_name: "GRU", config: { units: 5, go_backwards: true } },
    "go_backwards",
  ],
  ["a state that is kept", { class_name: "GRU", config: { units: 5, stateful: true } }, "stateful"],
  [
    "another reset gate",
    { class_name: "GRU", config: { units: 5, reset_after: true } },
    "reset_after",
  ],
  ["two outputs", { class_name: "LSTM", config: { units: 5, return_state: true } }, "return_state"],
  [
    "a mask",
    { class_name: "Embedding", config: { input_dim: 5, output_dim: 2, mask_zero: true } },
    "mask_zero",
  ],
  ["normalised products", { class_name: "Dot", config: { axes: 2, normalize: true } }, "normalize"],
  ["no beta", { class_name: "LayerNormalization", config: { center: false } }, "center"],
  ["no gamma", { class_name: "LayerNormalization", config: { scale: false } }, "scale"],
])("a layer with %s is refused, as this package would not heed it", (_, layer, key) => {
  expect(refusalOf(layer)).toMatchObject({
    code: "bad-plan",
    path: `model.config.layers.1.config.${key}`,
  });
});

test.each([
  { class_name: "Zeros", config: 5 },
  { class_name: "Zeros", config: {}, evil: 1 },
  { class_name: "Zeros", config: { gain: 1 } },
  { class_name: "RandomNormal", config: { mean: { evil: 1 } } },
  { class_name: "Constant", config: { value: 1 } },
  { class_name: "constructor", config: {} },
  { class_name: "Zeros" },
])(
  "the initialiser %j is refused, as no export has it or a weight should begin so",
  (initializer) => {
    const layer = { class_name: "Dense", config: { units: 5, kernel_initializer: initializer } };
    expect(refusalOf(layer)).toMatchObject({
      code: "bad-plan",
      path: expect.stringMatching(/^model\.config\.layers\.1\.config\.kernel_initializer/),
    });
  },
);

test("a window of one number is told to be a list of two", () => {
  const layer = { class_name: "Conv2D", config: { filters: 2, kernel_size: 3 } };
  expect(refusalOf(layer).message).toMatch(/kernel_size: got 3, wanted a list of 2$/);
});

test("a model within a model is told to be put in its place", () => {
  const layer = { class_name: "Sequential", config: { name: "inner", layers: [] } };
  expect(refusalOf(layer).message).toContain("put its layers in place of it");
});

test.each(ACTIVATIONS)("a dense layer may have the activation %s", (activation) => {
  const layer = { class_name: "Dense", config: { units: 5, activation } };
  const plan = replaced<unknown>(IMAGE_PLAN, ["model", "config", "layers", "1"], layer);
  expect(parsePlan(plan).model.config.layers[1]).toEqual(layer);
});
