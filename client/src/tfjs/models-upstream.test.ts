import * as tf from "@tensorflow/tfjs-core";
import { input, layers, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { onBackend, openBackend } from "./backend.ts";

beforeAll(() => openBackend(new AbortController().signal));

type Layer = ReturnType<typeof layers.dense>;

/** The gradient for its input of a layer's output, summed with the factors 1, 2, 3, ... */
function inputGradient(layer: unknown, x: tf.Tensor): Float32Array {
  const weightedSum = (values: tf.Tensor): tf.Tensor => {
    const output = (layer as Layer).apply(values) as tf.Tensor;
    return tf.sum(tf.mul(output, tf.reshape(tf.range(1, output.size + 1), output.shape)));
  };
  return tf.tidy(() => tf.grad(weightedSum)(x).dataSync<"float32">());
}

describe("what plans are refused for is still so in TensorFlow.js:", () => {
  test("the reference's gradient of nearest neighbours is wrong for two examples or more, that of the WASM backend right", async () => {
    const gradient = () =>
      inputGradient(layers.upSampling2d({}), tf.tensor([1, 2, 3, 4], [2, 1, 2, 1]));
    // Each value is repeated in a square: 1 + 2 + 5 + 6, 3 + 4 + 7 + 8, and 8 more for each in the second example.
    const right = Float32Array.of(14, 22, 46, 54);
    expect(await onBackend("wasm", gradient)).toEqual(right);
    expect(await onBackend("cpu", gradient)).not.toEqual(right);
  });

  test("the gradient of a global maximum goes in full to all that are as large", () => {
    const gradient = inputGradient(layers.globalMaxPooling2d({}), tf.ones([1, 2, 2, 1]));
    expect(gradient).toEqual(Float32Array.of(1, 1, 1, 1));
  });

  test.each(["wasm", "cpu"] as const)(
    "the gradient of means that lie on padding is wrong on %s: it divides by the whole window",
    async (backend) => {
      const layer = layers.averagePooling2d({ poolSize: 2, padding: "same" });
      // Means of the image's four quarters, of which the last is one pixel.
      const image = () => tf.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
      const means = () => (layer.apply(image()) as tf.Tensor).dataSync<"float32">();
      expect(await onBackend(backend, means)).toEqual(Float32Array.of(3, 4.5, 7.5, 9));
      const gradient = await onBackend(backend, () => inputGradient(layer, image()));
      expect(gradient.at(-1)).toBe(1);
    },
  );

  test.each([{ scale: false }, { center: false }])(
    "no gradient of a normalisation with %j",
    (config) => {
      const layer = layers.layerNormalization(config);
      expect(() => inputGradient(layer, tf.tensor([1, 2, 4], [1, 3]))).toThrow();
    },
  );

  test("no gradient of a single step for its input", () => {
    const initializers = { kernelInitializer: "ones", recurrentInitializer: "ones" } as const;
    const layer = () => layers.gru({ units: 1, ...initializers });
    expect(inputGradient(layer(), tf.ones([1, 2, 1]))).toHaveLength(2);
    expect(() => inputGradient(layer(), tf.ones([1, 1, 1]))).toThrow("stack");
  });

  test("recurrent kernels have no initial values by default", () => {
    const rows = input({ shape: [2, 1] });
    expect(() => layers.gru({ units: 2 }).apply(rows) as SymbolicTensor).toThrow("flatten");
  });

  test("an export forgets the number of kernels for each channel", () => {
    const layer = layers.separableConv2d({ filters: 1, kernelSize: 1, depthMultiplier: 2 });
    expect(layer.getConfig()).not.toHaveProperty("depthMultiplier");
  });
});
