import type { DiLoCoPlan } from "../plan/plan.ts";
import { addScaled } from "./add-scaled.ts";
import type { OuterStepInput, OuterStepResult } from "./outer-step.ts";

/**
 * velocity = momentum * velocity + meanDelta; model + learningRate * (meanDelta + momentum * velocity): Nesterov's step in
 * the form of Sutskever et al. 2013. The state is the velocity, zero at first. The model takes the velocity of float64,
 * the state keeps it rounded: each is rounded once.
 * Source: DiLoCo, Douillard et al. 2023 (arXiv 2311.08105), Algorithm 1, with updates as steps instead of gradients.
 */
export function diLoCo(
  { model, meanDelta, state }: OuterStepInput,
  { learningRate, momentum }: DiLoCoPlan,
): OuterStepResult {
  const velocity = new Float64Array(meanDelta);
  // At rest a zero is added as well: it turns -0 into 0, and the state's hash is over bits.
  addScaled(velocity, momentum, state ?? new Float32Array(model.length));
  const step = new Float64Array(meanDelta);
  addScaled(step, momentum, velocity);
  const next = new Float64Array(model);
  addScaled(next, learningRate, step);
  return { model: new Float32Array(next), state: new Float32Array(velocity) };
}
