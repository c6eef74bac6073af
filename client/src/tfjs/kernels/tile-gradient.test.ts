import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "../backend.ts";

// What core registers, as tfjs-layers does it, before ours takes its place.
import "@tensorflow/tfjs-layers";

const core = tf.getGradient(tf.Tile);

beforeAll(() => openBackend(new AbortController().signal));

test.each([
  [[5], [3]],
  [
    [3, 4],
    [2, 1],
  ],
  [
    [1, 1, 6],
    [4, 3, 1],
  ],
  [
    [4, 3, 1],
    [1, 1, 5],
  ],
  [
    [2, 3, 2],
    [2, 2, 3],
  ],
  [
    [2, 1, 3, 2],
    [1, 3, 2, 2],
  ],
])(
  "the gradient of a tensor of shape [%s], repeated [%s] times, is the one that core adds up",
  (shape, reps) => {
    tf.tidy(() => {
      const x = tf.randomNormal(shape, 0, 1, "float32", 1);
      const weights = tf.randomNormal(
        shape.map((size, axis) => size * (reps[axis] ?? 1)),
        0,
        1,
        "float32",
        2,
      );
      const got = tf.grad((given) => tf.mul(tf.tile(given, reps), weights))(x);
      const { x: wanted } = core.gradFunc(weights, [x], { reps });
      expect(got.shape).toEqual(shape);
      const difference = tf.max(tf.abs(tf.sub(got, wanted?.() ?? Number.NaN))).dataSync()[0];
      // Sums of up to 12 values of about 1, in another order.
      expect(difference).toBeLessThan(5e-6);
      expect(tf.getGradient(tf.Tile)).not.toBe(core);
    });
  },
);
