import type { Training } from "./plan.ts";
import { type Problem, problem } from "./problems.ts";

/** Settings of local training that do not go with each other. Empty when all do. */
export function trainingContradictions({ optimizer, proximal = 0 }: Training): Problem[] {
  if (optimizer.kind !== "sgd") return [];
  // Polyak 1964: along a parabola of curvature c, steps with momentum m grow from rate * c = 2 (1 + m) on.
  const largest = (2 * (1 + optimizer.momentum)) / optimizer.learningRate;
  if (proximal < largest) return [];
  const wanted = `below 2 (1 + momentum) / learningRate, ${largest}, as steps overshoot and grow from there on`;
  return [problem("training.proximal", proximal, wanted)];
}
