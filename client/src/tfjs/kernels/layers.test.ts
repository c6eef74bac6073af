import { engine, mul, sum, type Tensor, tensor, tidy, variableGrads } from "@tensorflow/tfjs-core";
import { initializers, input, layers, model } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { onBackend, openBackend } from "../backend.ts";
import type { BackendName } from "../backends/backend.ts";
import { distinctFactors, randomInputs, relativeError } from "./reference.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

type Layer = ReturnType<typeof layers.dense>;

interface LayerCase {
  readonly inputShape: readonly number[];
  readonly build: () => unknown;
  /** Integers from 0 below this in place of float32 values. */
  readonly classes?: number;
}

const drawn = (seed: number) => initializers.glorotUniform({ seed });
const recurrent = { kernelInitializer: drawn(1), recurrentInitializer: drawn(2) };
const bidirectional = () =>
  layers.bidirectional({
    layer: layers.lstm({ units: 3, ...recurrent }) as never,
    mergeMode: "concat",
  });

const LAYERS: Readonly<Record<string, LayerCase>> = {
  Dense: {
    inputShape: [12],
    build: () => layers.dense({ units: 5, activation: "softmax", kernelInitializer: drawn(1) }),
  },
  Conv1D: {
    inputShape: [10, 3],
    build: () => layers.conv1d({ filters: 4, kernelSize: 3, kernelInitializer: drawn(1) }),
  },
  Conv2D: {
    inputShape: [8, 8, 3],
    build: () =>
      layers.conv2d({
        filters: 4,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        kernelInitializer: drawn(1),
      }),
  },
  Conv2DTranspose: {
    inputShape: [5, 5, 2],
    build: () =>
      layers.conv2dTranspose({
        filters: 3,
        kernelSize: 3,
        strides: 2,
        padding: "same",
        kernelInitializer: drawn(3),
      }),
  },
  DepthwiseConv2D: {
    inputShape: [8, 8, 3],
    build: () => layers.depthwiseConv2d({ kernelSize: 3, depthwiseInitializer: drawn(1) }),
  },
  SeparableConv2D: {
    inputShape: [8, 8, 3],
    build: () =>
      layers.separableConv2d({
        filters: 5,
        kernelSize: 3,
        depthwiseInitializer: drawn(1),
        pointwiseInitializer: drawn(2),
      }),
  },
  LSTM: { inputShape: [5, 4], build: () => layers.lstm({ units: 6, ...recurrent }) },
  GRU: { inputShape: [5, 4], build: () => layers.gru({ units: 6, ...recurrent }) },
  SimpleRNN: { inputShape: [5, 4], build: () => layers.simpleRNN({ units: 6, ...recurrent }) },
  "Bidirectional LSTM": { inputShape: [5, 4], build: bidirectional },
  BatchNormalization: { inputShape: [6, 6, 4], build: () => layers.batchNormalization() },
  LayerNormalization: { inputShape: [10], build: () => layers.layerNormalization() },
  Embedding: {
    inputShape: [7],
    classes: 20,
    build: () => layers.embedding({ inputDim: 20, outputDim: 5, embeddingsInitializer: drawn(1) }),
  },
};

/** A layer's result and the gradients of its weights, in training. */
function gradientsOf(
  { inputShape, build, classes }: LayerCase,
  backend: BackendName,
): Promise<Float32Array[]> {
  const shape = [3, ...inputShape];
  const [values = new Float32Array()] = randomInputs([shape], "layers");
  const found: Float32Array[] = [];
  return onBackend(backend, () => {
    engine().startScope();
    const dtype = classes === undefined ? "float32" : "int32";
    const x = tensor(
      classes === undefined ? values : values.map((value) => Math.floor(Math.abs(value) * classes)),
      shape,
      dtype,
    );
    const symbol = input({ shape: [...inputShape], dtype });
    const network = model({ inputs: symbol, outputs: (build() as Layer).apply(symbol) as never });
    const weights = network.trainableWeights.map((weight) => weight.read() as never);
    tidy(() => {
      const { value, grads } = variableGrads(() => {
        const out = network.apply(x, { training: true }) as Tensor;
        found.push(out.dataSync<"float32">());
        return sum(mul(out, distinctFactors(out.shape)));
      }, weights);
      found.push(value.dataSync<"float32">());
      for (const { name } of weights as { name: string }[]) {
        found.push(grads[name]?.dataSync<"float32">() ?? new Float32Array());
      }
    });
    network.dispose();
    engine().endScope();
    return found;
  });
}

describe("on the WASM backend the weights' gradients agree with the reference:", () => {
  test.each(Object.entries(LAYERS))("%s", async (_, layer) => {
    const values = await gradientsOf(layer, "wasm");
    expect(values.length).toBeGreaterThan(2);
    // Chains of some ten operations with sums of up to 200 products.
    expect(relativeError(values, await gradientsOf(layer, "cpu"))).toBeLessThan(2e-5);
  });
});
