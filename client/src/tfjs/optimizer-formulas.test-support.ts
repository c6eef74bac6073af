import type { Optimizer } from "@chorus/aggregation";

/** The step along a gradient, in float64. Steps count from 1. */
export type StepOf = (gradient: number, step: number) => number;

/** Optimisers by name, with what makes their formula, without a past. */
export const FORMULAS: readonly (readonly [string, Optimizer, () => StepOf])[] = [
  [
    "gradient descent",
    { kind: "sgd", learningRate: 0.1, momentum: 0 },
    () => (gradient) => 0.1 * gradient,
  ],
  ["momentum", { kind: "sgd", learningRate: 0.1, momentum: 0.9 }, () => momentum(0.1, 0.9)],
  ["Adam", { kind: "adam", learningRate: 0.1 }, () => adam(0.1)],
];

/**
 * Where three steps down slope / 2 (x - goal)^2 + proximal / 2 (x - start)^2 lead from `start`: the second part is that of
 * FedProx (Li et al. 2020, equation 2).
 */
export function descendByFormula(
  stepOf: StepOf,
  { start, goal, slope }: Valley,
  proximal: number,
): number {
  let x = start;
  for (let step = 1; step <= 3; step++) {
    x -= stepOf(slope * (x - goal) + proximal * (x - start), step);
  }
  return x;
}

/** A function of one weight, and where it stands at first. */
export interface Valley {
  readonly start: number;
  readonly goal: number;
  readonly slope: number;
}

/** Sutskever et al. 2013, equation 1. */
function momentum(learningRate: number, kept: number): StepOf {
  let velocity = 0;
  return (gradient) => {
    velocity = kept * velocity + gradient;
    return learningRate * velocity;
  };
}

/** Kingma and Ba 2015, algorithm 1, with TensorFlow.js' epsilon. */
function adam(learningRate: number): StepOf {
  let [mean, square] = [0, 0];
  return (gradient, step) => {
    mean = 0.9 * mean + 0.1 * gradient;
    square = 0.999 * square + 0.001 * gradient ** 2;
    const deviation = Math.sqrt(square / (1 - 0.999 ** step));
    return (learningRate * (mean / (1 - 0.9 ** step))) / (deviation + 1e-7);
  };
}
