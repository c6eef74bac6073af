import type { Layer } from "@chorus/aggregation";
import {
  getKernel,
  type KernelFunc,
  memory,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { openBackend } from "./backend.ts";
import { binaryPlan, HIDDEN_LAYER, imagePlan, imagesByRow } from "./samples.test-support.ts";
import { checkBackend, worstTensor } from "./self-test.ts";
import { createTrainer } from "./trainer.ts";

const NEVER = new AbortController().signal;

const ACTIVATIONS = [
  "linear",
  "relu",
  "elu",
  "selu",
  "tanh",
  "sigmoid",
  "softplus",
  "swish",
  "gelu",
  "softmax",
] as const;

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

/** Runs with a kernel of the WASM backend replaced by what `spoil` makes of it. */
async function withKernel(
  name: string,
  spoil: (kernel: KernelFunc) => KernelFunc,
  run: () => Promise<void>,
): Promise<void> {
  await openBackend(NEVER);
  const kernel = getKernel(name, "wasm");
  unregisterKernel(name, "wasm");
  registerKernel({ ...kernel, kernelFunc: spoil(kernel.kernelFunc) });
  try {
    await run();
  } finally {
    unregisterKernel(name, "wasm");
    registerKernel(kernel);
  }
}

async function refusal(): Promise<ClientError> {
  const error: unknown = await checkBackend("wasm", imagePlan(HIDDEN_LAYER), NEVER).catch(
    (reason: unknown) => reason,
  );
  if (error instanceof ClientError) return error;
  throw new Error("the backend passed", { cause: error });
}

/** Loses the gradient of every matrix that is the left operand of a product. */
function loseTransposed(kernel: KernelFunc): KernelFunc {
  return ({ inputs, backend, attrs = {} }) => {
    const result = kernel({ inputs, backend, attrs });
    if (Array.isArray(result) || attrs["transposeA"] !== true) return result;
    return getKernel("ZerosLike", "wasm").kernelFunc({ inputs: { x: result }, backend });
  };
}

/** Gives NaN for everything. */
function giveNaN(): KernelFunc {
  return ({ inputs: { x }, backend }) => {
    const attrs = { shape: x?.shape ?? [], value: Number.NaN, dtype: "float32" };
    return getKernel("Fill", "wasm").kernelFunc({ inputs: {}, backend, attrs });
  };
}

describe("the check of the backend fails, as it should,", () => {
  test("when products with a transposed operand are wrong", async () => {
    await withKernel("BatchMatMul", loseTransposed, async () => {
      const error = await refusal();
      expect(error.code).toBe("backend-failed");
      expect(error.message).toMatch(/^the gradient of dense_2\/kernel .* is off by 1 of/);
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

describe("the tensor that is furthest off", () => {
  const tensors = [
    { name: "kernel", shape: [2], offset: 0, size: 2 },
    { name: "bias", shape: [1], offset: 2, size: 1 },
  ];
  const layout = { tensors, parameters: 3 };

  test("is found relative to its own largest value", () => {
    const worst = worstTensor(layout, Float32Array.of(4, 8, 0.75), Float32Array.of(5, 8, 0.5));
    expect(worst).toEqual({ tensor: "bias", relativeError: 0.5 });
  });

  test("is none whose gradient is 0 but for rounding", () => {
    const worst = worstTensor(layout, Float32Array.of(4, 8, 3e-7), Float32Array.of(4, 8, -1e-7));
    expect(worst.tensor).toBe("bias");
    expect(worst.relativeError).toBeLessThan(1e-5);
  });

  test("is a small one that is lost altogether", () => {
    const worst = worstTensor(layout, Float32Array.of(4, 8, 0), Float32Array.of(4, 8, 0.01));
    expect(worst.tensor).toBe("bias");
    expect(worst.relativeError).toBeGreaterThan(1e-3);
  });

  test("is the one with a value that is not a number, whatever comes after it", () => {
    const worst = worstTensor(layout, Float32Array.of(4, Number.NaN, 9), Float32Array.of(4, 8, 1));
    expect(worst).toEqual({ tensor: "kernel", relativeError: Number.NaN });
  });
});
