import * as tf from "@tensorflow/tfjs-core";
import type { OperationCase } from "./reference.test-support.ts";

function products(): Record<string, OperationCase> {
  const orientation = (transposeA: boolean, transposeB: boolean): OperationCase => ({
    shapes: [transposeA ? [70, 33] : [33, 70], transposeB ? [21, 70] : [70, 21]],
    compute: (a, b) => tf.matMul(a, b, transposeA, transposeB),
  });
  const activation = (name: "relu" | "linear" | "elu" | "relu6" | "sigmoid"): OperationCase => ({
    shapes: [[13, 30], [30, 21], [21]],
    compute: (a, b, bias) =>
      tf.fused.matMul({ a: matrix(a), b: matrix(b), bias: bias as tf.Tensor, activation: name }),
  });
  return {
    matMul: orientation(false, false),
    "matMul, a transposed": orientation(true, false),
    "matMul, b transposed": orientation(false, true),
    "matMul, both transposed": orientation(true, true),
    "matMul of several blocks": {
      shapes: [
        [101, 530],
        [530, 9],
      ],
      compute: (a, b) => tf.matMul(a, b),
    },
    "matMul of a batch": {
      shapes: [
        [4, 2, 9, 17],
        [4, 2, 17, 11],
      ],
      compute: (a, b) => tf.matMul(a, b),
    },
    "matMul of a batch, b transposed": {
      shapes: [
        [4, 2, 9, 17],
        [4, 2, 11, 17],
      ],
      compute: (a, b) => tf.matMul(a, b, false, true),
    },
    "fused matMul, linear": activation("linear"),
    "fused matMul, relu": activation("relu"),
    "fused matMul, elu": activation("elu"),
    "fused matMul, relu6": activation("relu6"),
    "fused matMul, sigmoid": activation("sigmoid"),
  };
}

function vectorProducts(): Record<string, OperationCase> {
  return {
    "matMul, one row by one column": {
      shapes: [
        [1, 300],
        [300, 1],
      ],
      compute: (a, b) => tf.matMul(a, b),
    },
    "matMul, wide and deep, from transposed operands": {
      shapes: [
        [260, 2],
        [2060, 260],
      ],
      compute: (a, b) => tf.matMul(a, b, true, true),
    },
    "matMul, one step": {
      shapes: [
        [7, 1],
        [1, 13],
      ],
      compute: (a, b) => tf.matMul(a, b),
    },
  };
}

function einsums(): Record<string, OperationCase> {
  const einsum = (equation: string, ...shapes: number[][]): Record<string, OperationCase> => ({
    [`einsum ${equation}`]: { shapes, compute: (...xs) => tf.einsum(equation, ...xs) },
  });
  return {
    ...einsum("bij,bjk->bik", [3, 4, 5], [3, 5, 6]),
    ...einsum("btd,dnh->btnh", [2, 5, 8], [8, 2, 4]),
    ...einsum("btnh,bsnh->bnts", [2, 5, 2, 4], [2, 6, 2, 4]),
    ...einsum("bnts,bsnh->btnh", [2, 3, 5, 6], [2, 6, 3, 4]),
    ...einsum("ij->ji", [3, 4]),
    ...einsum("ijk->ik", [3, 4, 2]),
    ...einsum("i,j->ij", [3], [4]),
    ...einsum("bi,bi->b", [3, 4], [3, 4]),
  };
}

function normalisations(): Record<string, OperationCase> {
  return {
    "batch normalisation": {
      shapes: [[4, 6, 6, 5], [5], [5]],
      compute: (x, scale, offset) => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        return tf.batchNorm(
          x,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-3,
        );
      },
    },
    "layer normalisation": {
      shapes: [[8, 20], [20], [20]],
      compute: (x, scale, offset) => {
        const { mean, variance } = tf.moments(x, -1, true);
        const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)));
        return tf.add(tf.mul(normal, scale), offset);
      },
    },
    "gather of an embedding": {
      shapes: [[50, 8]],
      compute: (table) => tf.gather(table, tf.tensor2d([1, 4, 4, 49, 0, 7], [2, 3], "int32")),
    },
  };
}

function losses(): Record<string, OperationCase> {
  const classes = () => tf.oneHot(tf.range(0, 10, 1, "int32"), 10);
  return {
    "softmax cross-entropy of logits": {
      shapes: [[10, 10]],
      compute: (x) => tf.losses.softmaxCrossEntropy(classes(), x),
    },
    "sigmoid cross-entropy": {
      shapes: [[4, 1]],
      compute: (x) => tf.losses.sigmoidCrossEntropy(tf.tensor2d([[0], [1], [1], [0]]), x),
    },
    "mean squared error": {
      shapes: [
        [6, 3],
        [6, 3],
      ],
      compute: (x, y) => tf.losses.meanSquaredError(y, x),
    },
    softmax: { shapes: [[16, 10]], compute: (x) => tf.softmax(x) },
    logSoftmax: { shapes: [[16, 10]], compute: (x) => tf.logSoftmax(x) },
  };
}

function activations(): Record<string, OperationCase> {
  const functions = {
    relu: tf.relu,
    relu6: tf.relu6,
    elu: tf.elu,
    selu: tf.selu,
    sigmoid: tf.sigmoid,
    tanh: tf.tanh,
    softplus: tf.softplus,
    leakyRelu: tf.leakyRelu,
    erf: tf.erf,
    exp: tf.exp,
  };
  const cases = Object.entries(functions).map(([name, apply]) => [
    name,
    { shapes: [[40, 7]], compute: (x: tf.Tensor) => apply(x) },
  ]);
  return {
    ...(Object.fromEntries(cases) as Record<string, OperationCase>),
    "gelu by tanh": {
      shapes: [[40, 7]],
      compute: (x) => {
        const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), 0.79788);
        return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
      },
    },
    prelu: { shapes: [[10, 4], [4]], compute: (x, alpha) => tf.prelu(x, alpha) },
  };
}

function rearrangements(): Record<string, OperationCase> {
  return {
    "sum, mean, max": {
      shapes: [[6, 7, 8]],
      compute: (x) => tf.add(tf.mul(tf.sum(x, 1), tf.mean(x, 1)), tf.max(x, 1)),
    },
    "slice, concat, pad": {
      shapes: [[6, 8]],
      compute: (x) =>
        tf.pad(tf.concat([tf.slice(x, [0, 0], [3, 8]), tf.slice(x, [3, 0], [3, 8])], 1), [
          [1, 1],
          [0, 2],
        ]),
    },
    "transpose, reshape": {
      shapes: [[4, 6, 8]],
      compute: (x) => tf.square(tf.reshape(tf.transpose(x, [2, 0, 1]), [8, 24])),
    },
    "stack, unstack": { shapes: [[4, 6]], compute: (x) => tf.stack(tf.unstack(x, 1), 0) },
    where: {
      shapes: [[20]],
      compute: (x) => tf.where(tf.tensor1d(EVERY_THIRD, "bool"), tf.square(x), x),
    },
    cumsum: { shapes: [[5, 6]], compute: (x) => tf.cumsum(x, 1) },
    tile: { shapes: [[3, 4]], compute: (x) => tf.tile(x, [2, 3]) },
    "tile, the last axis of one value": {
      shapes: [[2, 3, 1], [4]],
      compute: (x, weights) => tf.mul(tf.tile(x, [3, 1, 4]), weights),
    },
    "tile, of the last axis alone": {
      shapes: [[4], [5, 3, 4]],
      compute: (x, weights) => tf.mul(tf.tile(tf.reshape(x, [1, 1, 4]), [5, 3, 1]), weights),
    },
    "tile, of integers": {
      shapes: [[6]],
      compute: (x) => tf.mul(x, tf.cast(tf.tile(tf.tensor1d([1, -2], "int32"), [3]), "float32")),
    },
    clone: { shapes: [[3, 4]], compute: (x) => tf.mul(tf.clone(x), tf.clone(x)) },
    resizeBilinear: {
      shapes: [[1, 4, 4, 2]],
      compute: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [8, 8]),
    },
  };
}

function matrix(x: tf.Tensor | undefined): tf.Tensor2D {
  return x as tf.Tensor2D;
}

const EVERY_THIRD = Array.from({ length: 20 }, (_, index) => index % 3 === 0);

/** Operations that models are made of, apart from convolutions and pooling, by name. */
export const OPERATIONS: Readonly<Record<string, OperationCase>> = {
  ...products(),
  ...vectorProducts(),
  ...einsums(),
  ...normalisations(),
  ...losses(),
  ...activations(),
  ...rearrangements(),
};
