/**
 * A program that reproduces the bugs of TensorFlow.js that our kernels are there for, on its own WASM backend without
 * ours, and writes what it found as JSON.
 */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-layers";
import { errorOf, type OperationCase } from "./reference.test-support.ts";

/** What is found. Errors are relative to the largest value of the CPU backend, the worst of result and gradients. */
export interface UpstreamFindings {
  readonly addedHandlers: number;
  readonly missingKernels: readonly string[];
  readonly maxPoolGradient: readonly number[];
  readonly errors: Readonly<Record<string, number>>;
  readonly clonesShareMemory: boolean;
  readonly bothBroadcast: readonly number[];
  /** The positive part of infinity - infinity. */
  readonly reluOfNaN: number;
  readonly momentumTensorsLeft: number;
  readonly hasEinsumGradient: boolean;
}

const VOLUME = [1, 4, 4, 4, 2];

/** Operations with a wrong gradient, each on inputs from -1 to 1. */
const OPERATIONS: Readonly<Record<string, OperationCase>> = {
  conv3d: {
    shapes: [VOLUME],
    compute: (x) => tf.conv3d(x as tf.Tensor5D, waves([2, 2, 2, 2, 3]) as tf.Tensor5D, 1, "same"),
  },
  conv3dFilter: {
    shapes: [[2, 2, 2, 2, 3]],
    compute: (w) => tf.conv3d(waves(VOLUME) as tf.Tensor5D, w as tf.Tensor5D, 2, "valid"),
  },
  maxPool3d: {
    shapes: [VOLUME],
    compute: (x) => tf.maxPool3d(x as tf.Tensor5D, 2, 1, "same"),
  },
  dilation2d: {
    shapes: [[1, 5, 5, 2]],
    compute: (x) => tf.dilation2d(x as tf.Tensor4D, waves([2, 2, 2]) as tf.Tensor3D, 1, "same"),
  },
};

function waves(shape: number[]): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.reshape(tf.sin(tf.range(0, size)), shape);
}

/** Windows of 2 x 2 with the maxima -0.1, -1, -2 and -0.5, whose gradients are 10, 20, 30 and 40. */
function maxPoolGradient(): number[] {
  const values = [-1, -2, -5, -4, -0.1, -3, -1, -7, -9, -2, -3, -6, -8, -4, -0.5, -3];
  const factors = tf.tensor4d([10, 20, 30, 40], [1, 2, 2, 1]);
  const gradient = tf.grad((x) =>
    tf.sum(tf.mul(tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"), factors)),
  );
  return [...gradient(tf.tensor4d(values, [1, 4, 4, 1])).dataSync()];
}

function clonesShareMemory(): boolean {
  const x = tf.ones([3]);
  return x.dataId === tf.clone(x).dataId;
}

/** Two matrices [1] and [2], times two [10] and [20] along another axis: four products. */
function bothBroadcast(): number[] {
  return [
    ...tf.matMul(tf.tensor([1, 2], [2, 1, 1, 1]), tf.tensor([10, 20], [1, 2, 1, 1])).dataSync(),
  ];
}

function reluOfNaN(): number {
  const infinite = tf.scalar(Number.POSITIVE_INFINITY);
  return tf.relu(tf.sub(infinite, infinite)).arraySync() as number;
}

function momentumTensorsLeft(): number {
  const before = tf.memory().numTensors;
  tf.train.momentum(0.1, 0.9).dispose();
  return tf.memory().numTensors - before;
}

const WANTED_KERNELS = [
  tf.Conv2DBackpropFilter,
  tf.DepthwiseConv2dNativeBackpropFilter,
  tf.DepthwiseConv2dNativeBackpropInput,
  tf.UnsortedSegmentSum,
  tf.Einsum,
];

function countHandlers(): number {
  return process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
}

async function findBugs(): Promise<UpstreamFindings> {
  tf.enableProdMode();
  setWasmPaths(
    dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep,
  );
  const handlers = countHandlers();
  await tf.setBackend("wasm");
  const addedHandlers = countHandlers() - handlers;
  const errors: Record<string, number> = {};
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    errors[name] = await errorOf(operation, name);
  }
  return {
    addedHandlers,
    errors,
    missingKernels: WANTED_KERNELS.filter((name) => tf.getKernel(name, "wasm") === undefined),
    maxPoolGradient: maxPoolGradient(),
    clonesShareMemory: clonesShareMemory(),
    bothBroadcast: bothBroadcast(),
    reluOfNaN: reluOfNaN(),
    momentumTensorsLeft: momentumTensorsLeft(),
    hasEinsumGradient: tf.getGradient(tf.Einsum) !== undefined,
  };
}

if (import.meta.main) process.stdout.write(JSON.stringify(await findBugs()));
