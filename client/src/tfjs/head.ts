import { classCount, type Plan } from "@chorus/aggregation";
import {
  argMax,
  equal,
  greater,
  logSoftmax,
  mean,
  mul,
  neg,
  reshape,
  type Scalar,
  softplus,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
} from "@tensorflow/tfjs-core";

/**
 * What a model's last layer is to the labels. Losses are computed from its output before the activation (its logits,
 * shape `[examples, units]`), where the activation and the loss's logarithm cancel: a wrong answer that is certain has a
 * finite loss. Labels: shape `[examples]`, classes.
 */
export interface Head {
  /** Mean loss over the examples. */
  loss(logits: Tensor, labels: Int32Array): Scalar;
  /** Number of examples whose most likely class is the label. */
  correct(logits: Tensor, labels: Int32Array): Scalar;
}

/** The head for a plan's loss and labels. */
export function headOf(plan: Plan): Head {
  switch (plan.training.loss) {
    case "categoricalCrossentropy":
      return categoricalHead(classCount(plan.data));
    case "binaryCrossentropy":
      return BINARY_HEAD;
  }
}

/** Softmax over the classes, one unit for each: the loss is -log(probability of the label). */
function categoricalHead(classes: number): Head {
  return {
    loss: (logits, labels) => {
      const chosen = mul(logSoftmax(logits), oneHot(labels, classes));
      return neg(mean(sum<Tensor>(chosen, 1)));
    },
    correct: (logits, labels) => sum(equal(argMax(logits, 1), tensor1d(labels, "int32"))),
  };
}

/** A sigmoid unit: -log(p) for label 1 and -log(1 - p) for label 0 are both softplus(logit) - label * logit. */
const BINARY_HEAD: Head = {
  loss: (logits, labels) => {
    const logit = reshape(logits, [labels.length]);
    return mean(sub(softplus(logit), mul(tensor1d(labels, "float32"), logit)));
  },
  correct: (logits, labels) => {
    const positive = greater(reshape(logits, [labels.length]), 0);
    return sum(equal(positive, tensor1d(labels, "bool")));
  },
};

/** Shape `[examples, classes]`: 1 at each label, 0 elsewhere. Filled here, as this is faster than the backend's kernel. */
function oneHot(labels: Int32Array, classes: number): Tensor {
  const rows = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) rows[row * classes + label] = 1;
  return tensor2d(rows, [labels.length, classes]);
}
