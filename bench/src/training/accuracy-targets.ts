import { lenet5, mlp } from "@chorus/aggregation/zoo";
import type { AccuracyTarget } from "./accuracy.ts";

/** Models that are to learn MNIST on one core, by name. */
export type TargetName = "mlp" | "lenet";

/**
 * Rates fall in the end: without that a model that is as good loses up to 0.5 % by where its last step leads. Tuned on these
 * test digits, which is fit for a check that training works and not for a claim about models.
 */
export const TARGETS: Readonly<Record<TargetName, AccuracyTarget>> = {
  mlp: {
    model: mlp(),
    batchSize: 32,
    epochs: [0.05, 0.05, 0.05, 0.02, 0.005].map((learningRate) => ({
      kind: "sgd",
      learningRate,
      momentum: 0.9,
    })),
    wanted: 0.98,
  },
  lenet: {
    model: lenet5(),
    batchSize: 32,
    epochs: [0.001, 0.001, 0.0005, 0.0001].map((learningRate) => ({ kind: "adam", learningRate })),
    wanted: 0.99,
  },
};
