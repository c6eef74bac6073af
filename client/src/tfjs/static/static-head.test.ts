import { backend } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { heapOf } from "../kernels/heap.ts";
import { chooseKernelBuild, openTrainingKernels } from "../kernels/training-kernels.ts";
import { Arena } from "./arena.ts";
import { staticHeadOf } from "./static-head.ts";

beforeAll(() => openBackend(new AbortController().signal));

type Loss = Parameters<typeof staticHeadOf>[0];

/** How many rows a head counts as right. */
function correct(loss: Loss, rows: readonly (readonly number[])[], labels: number[]): number {
  const outputs = rows[0]?.length ?? 0;
  const heap = heapOf(backend());
  using arena = new Arena(heap);
  const kernels = openTrainingKernels(heap.memory, chooseKernelBuild());
  const head = staticHeadOf(loss, outputs, kernels, arena);
  const [logits, classes] = [arena.reserve(rows.flat().length), arena.reserve(labels.length)];
  arena.floats(logits, rows.flat().length).set(rows.flat());
  arena.integers(classes, labels.length).set(labels);
  return head.correct(rows.length, logits, classes);
}

test.each([
  [[2, 2, 1], 0],
  [[1, 2, 2], 1],
  [[-3, -3, -3], 0],
  [[0, -1, 0], 0],
  [[1, 2, 3], 2],
])("of the logits %j the first of the largest, %i, is the class", (logits, wanted) => {
  for (const label of [0, 1, 2]) {
    const hits = correct("categoricalCrossentropy", [[9, 0, 0], logits], [1, label]);
    expect(hits).toBe(label === wanted ? 1 : 0);
  }
});

test.each([
  [0, 0],
  [-1e-30, 0],
  [1e-30, 1],
])("a sigmoid unit's logit %d is class %i: even odds are not more than even", (logit, wanted) => {
  for (const label of [0, 1]) {
    expect(correct("binaryCrossentropy", [[logit]], [label])).toBe(label === wanted ? 1 : 0);
  }
});
