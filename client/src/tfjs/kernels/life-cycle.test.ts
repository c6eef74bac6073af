import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { onBackend, openBackend } from "../backend.ts";
import { heapOf } from "./heap.ts";
import { installTrainingKernels } from "./install.ts";
import { errorOf, type OperationCase } from "./reference.test-support.ts";

const NEVER = new AbortController().signal;

beforeAll(() => openBackend(NEVER));

/** Uses the workspace, the window and a fused kernel. */
const CONVOLUTION: OperationCase = {
  shapes: [
    [2, 7, 7, 3],
    [3, 3, 3, 8],
  ],
  compute: (x, filter) => tf.relu(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same")),
};

function heapBytes(): number {
  return heapOf(tf.backend()).memory.buffer.byteLength;
}

/** One step of gradient descent on a small network with each family of kernels. */
function trainStep(filter: tf.Variable, table: tf.Variable, kernel: tf.Variable): void {
  tf.tidy(() => {
    const { grads } = tf.variableGrads(() => {
      const images = tf.reshape(tf.gather(table, [1, 2, 2, 0]), [2, 6, 6, 2]);
      const features = tf.conv2d(images as tf.Tensor4D, filter as tf.Tensor4D, 1, "same");
      const pooled = tf.reshape(tf.maxPool(features, 2, 2, "valid"), [2, 27]);
      return tf.mean(tf.square(tf.einsum("bi,ij->bj", tf.clone(pooled), kernel)));
    });
    for (const variable of [filter, table, kernel]) {
      const gradient = grads[variable.name] as tf.Tensor;
      variable.assign(tf.sub(variable, tf.mul(gradient, 0.01)));
    }
  });
}

describe("the training kernels", () => {
  test("keep neither tensors nor memory over 300 steps", () => {
    const variables = tf.tidy(() => [
      tf.variable(tf.randomNormal([3, 3, 2, 3], 0, 1, "float32", 1)),
      tf.variable(tf.randomNormal([4, 36], 0, 1, "float32", 2)),
      tf.variable(tf.randomNormal([27, 5], 0, 1, "float32", 3)),
    ]);
    const [filter, table, kernel] = variables as [tf.Variable, tf.Variable, tf.Variable];
    for (let step = 0; step < 20; step++) trainStep(filter, table, kernel);
    const before = { ...tf.memory(), heap: heapBytes() };
    for (let step = 0; step < 300; step++) trainStep(filter, table, kernel);
    expect({ ...tf.memory(), heap: heapBytes() }).toEqual(before);
    for (const variable of variables) variable.dispose();
  });

  test("would be found to keep tensors, if they did", () => {
    const before = tf.memory().numTensors;
    const kept = tf.tidy(() => tf.keep(tf.clone(tf.ones([3]))));
    expect(tf.memory().numTensors).toBe(before + 1);
    kept.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("work on when the memory has grown and its views are others", async () => {
    const before = heapBytes();
    const large = tf.zeros([before / 4]);
    expect(heapBytes()).toBeGreaterThan(before);
    expect(await errorOf(CONVOLUTION, "grown")).toBeLessThan(5e-6);
    large.dispose();
  });

  test("work on above 2 GiB, where addresses are negative as signed integers", async () => {
    const heap = heapOf(tf.backend());
    // Nothing is written there, so that the machine need not have it.
    const filling = [heap.allocate(2 ** 31)];
    const largest = 2 ** 16;
    while ((filling.at(-1) ?? 0) <= 2 ** 31) filling.push(heap.allocate(largest));
    const images = [1, 60, 60, 8];
    const x = tf.zeros(images);
    expect((tf.backend() as BackendWasm).getMemoryOffset(x.dataId)).toBeGreaterThan(2 ** 31);
    x.dispose();
    const far = { ...CONVOLUTION, shapes: [images, [3, 3, 8, 8]] };
    expect(await errorOf(far, "far")).toBeLessThan(5e-6);
    for (const address of filling) heap.free(address);
  });

  test("stay the same when another backend has been selected in between", async () => {
    const { kernelFunc } = tf.getKernel("Conv2D", "wasm");
    await onBackend("cpu", () => undefined);
    await openBackend(NEVER);
    installTrainingKernels();
    expect(tf.getKernel("Conv2D", "wasm").kernelFunc).toBe(kernelFunc);
    expect(await errorOf(CONVOLUTION, "again")).toBeLessThan(5e-6);
  });
});

interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Counts what a backend has allocated from now on and not freed. */
function countAllocations(allocator: Allocator): () => number {
  // On their first call these functions put others in their place.
  allocator._free(allocator._malloc(8));
  const { _malloc, _free } = allocator;
  const live = new Set<number>();
  allocator._malloc = (bytes) => {
    const address = _malloc(bytes);
    live.add(address);
    return address;
  };
  allocator._free = (address) => {
    live.delete(address);
    _free(address);
  };
  return () => live.size;
}

test("a backend that is removed frees its workspace, and the next one has kernels of its own", async () => {
  const { factory, priority } = tf.engine().registryFactory["wasm"] ?? {};
  if (factory === undefined) throw new Error("no factory");
  const restart = async () => {
    tf.removeBackend("wasm");
    tf.registerBackend("wasm", factory, priority);
    await tf.setBackend("wasm");
  };
  await restart();
  const { wasm } = tf.backend() as unknown as { wasm: Allocator };
  const allocated = countAllocations(wasm);
  expect(await errorOf(CONVOLUTION, "anew")).toBeLessThan(5e-6);
  // The workspace.
  expect(allocated()).toBe(1);
  await restart();
  expect(allocated()).toBe(0);
  expect(await errorOf(CONVOLUTION, "anew")).toBeLessThan(5e-6);
});
