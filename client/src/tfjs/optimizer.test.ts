import type { Optimizer } from "@chorus/aggregation";
import {
  memory,
  type Scalar,
  squaredDifference,
  sum,
  tensor1d,
  tidy,
  variable,
} from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "./backend.ts";
import { openOptimizer } from "./optimizer.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** Where three steps down (x - 4)^2 lead from x = 1. */
function descend(plan: Optimizer): number {
  const x = tidy(() => variable(tensor1d([1])));
  using round = openOptimizer(plan);
  for (let step = 0; step < 3; step++) {
    tidy(() => {
      round.optimizer.minimize(() => sum<Scalar>(squaredDifference(x, 4)), true, [x]);
    });
  }
  const [reached = Number.NaN] = x.dataSync();
  x.dispose();
  return reached;
}

/** The same by formula: `stepOf` makes a step of a gradient. Steps count from 1. */
function descendByFormula(stepOf: (gradient: number, step: number) => number): number {
  let x = 1;
  for (let step = 1; step <= 3; step++) x -= stepOf(2 * (x - 4), step);
  return x;
}

/** Sutskever et al. 2013, equation 1. */
function momentum(learningRate: number, kept: number): number {
  let velocity = 0;
  return descendByFormula((gradient) => {
    velocity = kept * velocity + gradient;
    return learningRate * velocity;
  });
}

/** Kingma and Ba 2015, algorithm 1, with TensorFlow.js' epsilon. */
function adam(learningRate: number): number {
  let [mean, square] = [0, 0];
  return descendByFormula((gradient, step) => {
    mean = 0.9 * mean + 0.1 * gradient;
    square = 0.999 * square + 0.001 * gradient ** 2;
    const deviation = Math.sqrt(square / (1 - 0.999 ** step));
    return (learningRate * (mean / (1 - 0.9 ** step))) / (deviation + 1e-7);
  });
}

const cases: [string, Optimizer, number][] = [
  ["SGD", { kind: "sgd", learningRate: 0.1, momentum: 0 }, descendByFormula((g) => 0.1 * g)],
  ["momentum", { kind: "sgd", learningRate: 0.1, momentum: 0.9 }, momentum(0.1, 0.9)],
  ["Adam", { kind: "adam", learningRate: 0.1 }, adam(0.1)],
];

test.each(cases)(
  "%s steps as its formula does, begins anew in every round and frees its tensors",
  (_, plan, wanted) => {
    const before = memory().numTensors;
    // Float32 keeps 7 digits of values below 4.
    expect(Math.abs(descend(plan) - wanted)).toBeLessThan(4e-6);
    expect(Math.abs(descend(plan) - wanted)).toBeLessThan(4e-6);
    expect(memory().numTensors).toBe(before);
  },
);
