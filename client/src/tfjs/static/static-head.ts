import type { Plan } from "@chorus/aggregation";
import type { TrainingKernels } from "../kernels/training-kernels.ts";
import type { Arena } from "./arena.ts";

/**
 * The loss of {@link headOf} with its gradient, at fixed addresses: `logits` of shape `[rows, outputs]`, `labels` int32 of
 * shape `[rows]`.
 */
export interface StaticHead {
  /** Mean loss; writes its gradient by the logits to `target`, which may be `logits`. */
  loss(rows: number, logits: number, labels: number, target: number): number;
  /** Number of rows whose most likely class is the label. */
  correct(rows: number, logits: number, labels: number): number;
}

/** The head for a plan's loss, of a model with `outputs` logits. */
export function staticHeadOf(
  loss: Plan["training"]["loss"],
  outputs: number,
  kernels: TrainingKernels,
  arena: Arena,
): StaticHead {
  switch (loss) {
    case "categoricalCrossentropy":
      return categoricalHead(outputs, kernels, arena);
    case "binaryCrossentropy":
      return binaryHead(arena);
  }
}

function categoricalHead(classes: number, kernels: TrainingKernels, arena: Arena): StaticHead {
  return {
    loss: (rows, logits, labels, target) =>
      kernels.softmaxCrossEntropy(logits, labels, target, rows, classes, 1 / rows) / rows,
    correct: (rows, logits, labels) => {
      const values = arena.floats(logits, rows * classes);
      let hits = 0;
      for (const [row, label] of arena.integers(labels, rows).entries()) {
        hits += indexOfLargest(values, row * classes, classes) === label ? 1 : 0;
      }
      return hits;
    },
  };
}

/** Which of `count` values from `start` on is the largest: the first of several. */
function indexOfLargest(values: Float32Array, start: number, count: number): number {
  let found = 0;
  for (let index = 1; index < count; index++) {
    if ((values[start + index] ?? 0) > (values[start + found] ?? 0)) found = index;
  }
  return found;
}

/** One logit z: the loss is softplus(z) - label * z, its gradient sigmoid(z) - label. */
function binaryHead(arena: Arena): StaticHead {
  return {
    loss: (rows, logits, labels, target) => {
      const gradient = arena.floats(target, rows);
      const classes = arena.integers(labels, rows);
      let sum = 0;
      for (const [row, logit] of arena.floats(logits, rows).entries()) {
        const label = classes[row] ?? 0;
        const small = Math.exp(-Math.abs(logit));
        sum += Math.max(logit, 0) + Math.log1p(small) - label * logit;
        const probability = (logit > 0 ? 1 : small) / (1 + small);
        gradient[row] = (probability - label) / rows;
      }
      return sum / rows;
    },
    correct: (rows, logits, labels) => {
      const classes = arena.integers(labels, rows);
      let hits = 0;
      for (const [row, logit] of arena.floats(logits, rows).entries()) {
        hits += (logit > 0 ? 1 : 0) === classes[row] ? 1 : 0;
      }
      return hits;
    },
  };
}
