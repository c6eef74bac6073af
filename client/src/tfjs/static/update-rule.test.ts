import { backend } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { heapOf } from "../kernels/heap.ts";
import { chooseKernelBuild, openTrainingKernels } from "../kernels/training-kernels.ts";
import { Arena } from "./arena.ts";
import { updateRuleOf } from "./update-rule.ts";

beforeAll(() => openBackend(new AbortController().signal));

test("Adam's steps along a gradient that stays the same are the learning rate, from the first one on", () => {
  const heap = heapOf(backend());
  const kernels = openTrainingKernels(heap.memory, chooseKernelBuild());
  using arena = new Arena(heap);
  const slopes = Float32Array.of(1, -20, 300, -1, 5, 5, -2);
  const count = slopes.length;
  const [weights, gradient] = [arena.reserve(count), arena.reserve(count)];
  const vector = { weights, gradient, count };
  const rule = updateRuleOf({ kind: "adam", learningRate: 0.5 }, vector, kernels, arena);
  rule.reset();
  arena.floats(gradient, count).set(slopes);
  for (let step = 1; step <= 20; step++) {
    arena.floats(weights, count).fill(0);
    rule.step();
    // Kingma and Ba 2015, section 2.1: with |mean| = sqrt(square). Epsilon and float32 are below 1e-6 beside slopes of 1.
    for (const [index, change] of arena.floats(weights, count).entries()) {
      expect(Math.abs(change / (-0.5 * Math.sign(slopes[index] ?? 0)) - 1)).toBeLessThan(3e-6);
    }
  }
});
