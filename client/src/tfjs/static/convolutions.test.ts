import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { heapOf } from "../kernels/heap.ts";
import { chooseKernelBuild, openTrainingKernels } from "../kernels/training-kernels.ts";
import { convolutionWindow, poolWindow } from "../kernels/window.ts";
import type { LoweredModel } from "./lowered-model.ts";
import { images, relativeDifference } from "./programs.test-support.ts";
import { StaticProgram } from "./static-program.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** Kernel and bias of a convolution with a border, of one with strides after pooling, and of units. */
const SHAPES = [[3, 2, 1, 5], [5], [2, 2, 5, 4], [4], [16, 3], [3]];

const LAYOUT = layout();

function layout(): LoweredModel["layout"] {
  let offset = 0;
  const tensors = SHAPES.map((shape, index) => {
    const size = shape.reduce((product, length) => product * length, 1);
    offset += size;
    return { name: `tensor_${index}`, shape, offset: offset - size, size };
  });
  return { tensors, parameters: offset };
}

function offset(tensor: number): number {
  return LAYOUT.tensors[tensor]?.offset ?? Number.NaN;
}

/** From images of 4 x 3 pixels through 4 x 3 pixels of 5 channels, pooled, and 2 x 2 of 4, to three classes. */
function convolutionModel(): LoweredModel {
  const first = convolutionWindow(
    "Conv2D",
    [1, 4, 3, 1],
    [3, 2, 1, 5],
    { strides: 1, pad: "same" },
    false,
  );
  const pool = poolWindow("MaxPool", [1, 4, 3, 5], { filterSize: 2, strides: 1, pad: "same" });
  const last = convolutionWindow(
    "Conv2D",
    [1, 4, 3, 5],
    [2, 2, 5, 4],
    { strides: 2, pad: "same" },
    false,
  );
  const filters = (tensor: number) => ({ kernel: offset(tensor), bias: offset(tensor + 1) });
  return {
    layout: LAYOUT,
    inputs: 12,
    outputs: 3,
    operations: [
      { kind: "conv2d", inputs: 12, outputs: 60, window: first, isRelu: true, ...filters(0) },
      { kind: "maxPool", inputs: 60, outputs: 60, window: pool },
      { kind: "conv2d", inputs: 60, outputs: 16, window: last, isRelu: false, ...filters(2) },
      { kind: "dense", inputs: 16, outputs: 3, isRelu: false, ...filters(4) },
    ],
  };
}

/** The same loss through the operations of TensorFlow.js. */
function lossOf(weights: readonly tf.Tensor[], batch: ReturnType<typeof images>): tf.Scalar {
  const [filter, bias, lastFilter, lastBias, kernel, unitBias] = weights as [
    tf.Tensor4D,
    tf.Tensor,
    tf.Tensor4D,
    tf.Tensor,
    tf.Tensor2D,
    tf.Tensor,
  ];
  const x = tf.tensor4d(batch.features, [batch.examples, 4, 3, 1]);
  const first = tf.relu(tf.add(tf.conv2d(x, filter, 1, "same"), bias)) as tf.Tensor4D;
  const pooled = tf.maxPool(first, 2, 1, "same");
  const last = tf.add(tf.conv2d(pooled, lastFilter, 2, "same"), lastBias);
  const logits = tf.add(tf.matMul(tf.reshape(last, [batch.examples, 16]), kernel), unitBias);
  const chosen = tf.mul(tf.logSoftmax(logits), tf.oneHot(tf.tensor1d(batch.labels, "int32"), 3));
  return tf.neg(tf.mean(tf.sum<tf.Tensor>(chosen, 1)));
}

test("the gradient through convolutions and pooling is that of TensorFlow.js, for any number of examples", () => {
  const heap = heapOf(tf.backend());
  const kernels = openTrainingKernels(heap.memory, chooseKernelBuild());
  const optimizer = { kind: "sgd", learningRate: 0.1, momentum: 0 } as const;
  const training = {
    loss: "categoricalCrossentropy",
    optimizer,
    batchSize: 6,
    localSteps: 1,
  } as const;
  using program = new StaticProgram(convolutionModel(), training, heap, kernels);
  const weights = Float32Array.from(
    { length: LAYOUT.parameters },
    (_, index) => 0.5 * Math.sin(3 * index),
  );
  for (const examples of [6, 1, 4]) {
    const batch = images(examples, "convolutions");
    program.write(weights);
    program.load(batch);
    program.forward("none");
    const loss = program.backward();
    const wanted = new Float32Array(LAYOUT.parameters);
    tf.tidy(() => {
      const tensors = LAYOUT.tensors.map(({ shape, offset, size }) =>
        tf.tensor(weights.subarray(offset, offset + size), [...shape]),
      );
      const gradients = tf.grads((...given: tf.Tensor[]) => lossOf(given, batch))(tensors);
      for (const [index, { offset }] of LAYOUT.tensors.entries()) {
        wanted.set(gradients[index]?.dataSync() ?? [], offset);
      }
      expect(Math.abs(loss - (lossOf(tensors, batch).dataSync()[0] ?? Number.NaN))).toBeLessThan(
        1e-6,
      );
    });
    for (const { offset, size } of LAYOUT.tensors) {
      const part = (vector: Float32Array) => vector.subarray(offset, offset + size);
      expect(relativeDifference(part(program.readGradient()), part(wanted))).toBeLessThan(1e-5);
    }
  }
});
