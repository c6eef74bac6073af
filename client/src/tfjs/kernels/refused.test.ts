import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { ClientError } from "../../error.ts";
import { openBackend } from "../backend.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** The error of a computation, which frees its tensors. */
function refusalOf(compute: () => unknown): ClientError {
  try {
    tf.tidy(() => void compute());
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
  throw new Error("was computed");
}

const volume = () => tf.ones([1, 3, 3, 3, 2]) as tf.Tensor5D;
const filter = () => tf.ones([2, 2, 2, 2, 1]) as tf.Tensor5D;

test("the gradients of Conv3D, which the backend computes wrongly, are refused by name", () => {
  const convolve = tf.grads((x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, "same"));
  const error = refusalOf(() => convolve([volume(), filter()]));
  expect(error.code).toBe("unsupported-layer");
  expect(error.message).toBe("the gradient of Conv3D is wrong on the WASM backend");
});

test("the gradient of MaxPooling3D, which the backend computes wrongly, is refused by name", () => {
  const pool = tf.grad((x) => tf.maxPool3d(x as tf.Tensor5D, 2, 1, "same"));
  expect(refusalOf(() => pool(volume())).message).toBe(
    "the gradient of MaxPooling3D is wrong on the WASM backend",
  );
});

test("channels first are refused by name", () => {
  const x = () => tf.ones([1, 2, 4, 4]) as tf.Tensor4D;
  const w = () => tf.ones([2, 2, 2, 1]) as tf.Tensor4D;
  const error = refusalOf(() => tf.conv2d(x(), w(), 1, "same", "NCHW"));
  expect(error).toMatchObject({ code: "unsupported-layer" });
  expect(error.message).toBe("Conv2D with channels first is not supported, wanted channels last");
});

test("a gradient whose attributes core has forgotten is refused in place of one of another shape", () => {
  const pool = tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 0, "ceil"));
  expect(refusalOf(() => pool(tf.ones([1, 5, 5, 1]))).message).toBe(
    "MaxPoolGrad has a gradient of shape [1,3,3,1], wanted [1,2,2,1]",
  );
});

test.each([
  ["ii->i", [[2, 2]]],
  [
    "ij,jk->ik",
    [
      [2, 3],
      [2, 3],
    ],
  ],
  [
    "ij,jk,kl->il",
    [
      [2, 2],
      [2, 2],
      [2, 2],
    ],
  ],
  ["...i->i", [[2, 2]]],
])("einsum of %s is refused with its shapes", (equation, shapes) => {
  const error = refusalOf(() => tf.einsum(equation, ...shapes.map((shape) => tf.ones(shape))));
  expect(error.code).toBe("unsupported-layer");
  expect(error.message).toContain(`einsum of ${equation} with shapes [`);
});

test("integers are refused where kernels compute with float32", () => {
  const x = () => tf.ones([1, 4, 4, 1], "int32") as tf.Tensor4D;
  expect(refusalOf(() => tf.maxPool(x(), 2, 2, "valid")).message).toBe(
    "MaxPool has x of type int32, wanted float32",
  );
});

const images = (shape: [number, number, number, number]) => tf.ones<tf.Rank.R4>(shape);

test("windows and sums without any value are refused, which the kernels do not expect", () => {
  const convolve = () => tf.conv2d(images([1, 2, 2, 1]), images([3, 3, 1, 1]), 1, "valid");
  expect(refusalOf(convolve).message).toBe(
    "Conv2D leads from [1,2,2,1] to [1,0,0,1], wanted sizes above 0",
  );
  expect(refusalOf(() => tf.maxPool(images([0, 2, 2, 1]), 2, 2, "valid")).message).toBe(
    "MaxPool leads from [0,2,2,1] to [0,1,1,1], wanted sizes above 0",
  );
  expect(refusalOf(() => tf.matMul(tf.ones([2, 0]), tf.ones([0, 2]))).message).toBe(
    "BatchMatMul sums over nothing, wanted a value",
  );
});
