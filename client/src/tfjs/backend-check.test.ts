import { ACTIVATIONS, type Layer, type Plan } from "@chorus/aggregation";
import { memory } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { openBackend } from "./backend.ts";
import { checkBackend, gradientProblem } from "./backend-check.ts";
import { binaryPlan, HIDDEN_LAYER, imagePlan, imagesByRow } from "./samples.test-support.ts";
import {
  doubleTransposed,
  giveNaN,
  loseManyTransposed,
  loseTransposed,
  withKernel,
} from "./spoiled-kernels.test-support.ts";
import { createTrainer } from "./trainer.ts";

const NEVER = new AbortController().signal;

function threeLayers(activation: (typeof ACTIVATIONS)[number]): Layer[] {
  return [
    { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
    { class_name: "Dense", config: { units: 9, activation: "tanh" } },
    { class_name: "Dropout", config: { rate: 0.3 } },
    { class_name: "Dense", config: { units: 7, use_bias: false } },
    { class_name: "Activation", config: { activation } },
    { class_name: "Dense", config: { units: 3, activation: "softmax" } },
  ];
}

describe("the backend's gradient", () => {
  test.each(ACTIVATIONS)(
    "agrees with the reference within float32 through %s",
    async (activation) => {
      const check = await checkBackend("wasm", imagePlan(threeLayers(activation)), NEVER);
      expect(check.backend).toBe("wasm");
      // Three layers of up to 12 products: some 1e-7 each, and cancellation in the sums over 8 examples.
      expect(check.relativeError).toBeLessThan(2e-5);
    },
  );

  test("agrees with the reference for a sigmoid unit, and the check leaves no tensor", async () => {
    await openBackend(NEVER);
    const before = memory().numTensors;
    expect((await checkBackend("wasm", binaryPlan(), NEVER)).relativeError).toBeLessThan(2e-5);
    expect(memory().numTensors).toBe(before);
  });
});

async function refusal(plan: Plan = imagePlan(HIDDEN_LAYER)): Promise<ClientError> {
  const error: unknown = await checkBackend("wasm", plan, NEVER).catch((reason: unknown) => reason);
  if (error instanceof ClientError) return error;
  throw new Error("the backend passed", { cause: error });
}

describe("the check of the backend fails, as it should,", () => {
  test("when products with a transposed operand are wrong", async () => {
    await withKernel("BatchMatMul", loseTransposed, async () => {
      const error = await refusal();
      expect(error.code).toBe("backend-failed");
      expect(error.message).toMatch(
        /^on the backend wasm the gradient of dense_2\/kernel is off by 1 of/,
      );
    });
  });

  test("when products are wrong in batches as large as the plan's only", async () => {
    await withKernel("BatchMatMul", loseManyTransposed, async () => {
      expect((await refusal(imagePlan(HIDDEN_LAYER, { batchSize: 128 }))).code).toBe(
        "backend-failed",
      );
    });
  });

  test("when a kernel gives NaN", async () => {
    await withKernel("Elu", giveNaN, async () => {
      const error = await refusal();
      expect(error.code).toBe("backend-failed");
      expect(error.message).toContain("is off by NaN");
    });
  });

  test("and then no trainer is made", async () => {
    await withKernel("BatchMatMul", loseTransposed, async () => {
      const options = { plan: imagePlan(HIDDEN_LAYER), dataset: imagesByRow(20, "site") };
      await expect(createTrainer(options, NEVER)).rejects.toMatchObject({ code: "backend-failed" });
    });
  });
});

/** A model whose gradient would take plain JavaScript more than three seconds for one example. */
const LARGE = imagePlan([
  { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
  { class_name: "RepeatVector", config: { n: 1024 } },
  { class_name: "Conv1D", config: { filters: 100, kernel_size: [11], activation: "relu" } },
  { class_name: "GlobalAveragePooling1D", config: {} },
  { class_name: "Dense", config: { units: 3, activation: "softmax" } },
]);

describe("a model that is too large for the reference", () => {
  test("is checked by the slope of the loss, and the check leaves no tensor", async () => {
    await openBackend(NEVER);
    const before = memory().numTensors;
    const check = await checkBackend("wasm", LARGE, NEVER);
    expect(check).toMatchObject({ backend: "wasm", method: "slope" });
    expect(check.relativeError).toBeLessThan(0.03);
    expect(memory().numTensors).toBe(before);
  });

  test("does not pass with gradients twice as long", async () => {
    await withKernel("BatchMatMul", doubleTransposed, async () => {
      const error = await refusal(LARGE);
      expect(error.code).toBe("backend-failed");
      expect(error.message).toMatch(/gradient of all kernels is off by 0\.\d+ of the loss' slope/);
    });
  });

  test("is let go between two losses when aborted", async () => {
    await openBackend(NEVER);
    const reason = new Error("the site shuts down");
    const shutdown = new AbortController();
    setImmediate(() => shutdown.abort(reason));
    await expect(checkBackend("wasm", LARGE, shutdown.signal)).rejects.toBe(reason);
  });

  test("makes the trainer say so", async () => {
    const told: object[] = [];
    const log = { info: (fields: object) => void told.push(fields), warn: () => undefined };
    using _trainer = await createTrainer(
      { plan: LARGE, dataset: imagesByRow(20, "site"), log: log as never },
      NEVER,
    );
    expect(told).toContainEqual(expect.objectContaining({ method: "slope", backend: "wasm" }));
  });
});

test.each([
  { method: "reference", relativeError: 9e-4, isRight: true },
  { method: "reference", relativeError: 1e-3, isRight: false },
  { method: "slope", relativeError: 0.09, isRight: true },
  { method: "slope", relativeError: 0.1, isRight: false },
  { method: "slope", relativeError: Number.NaN, isRight: false },
] as const)("an error of $relativeError by $method is right: $isRight", ({ isRight, ...error }) => {
  expect(gradientProblem({ tensor: "bias", ...error }) === undefined).toBe(isRight);
});
