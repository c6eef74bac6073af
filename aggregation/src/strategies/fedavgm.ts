import type { FedAvgMPlan } from "../plan/plan.ts";
import { addScaled } from "./add-scaled.ts";
import type { OuterStepInput, OuterStepResult } from "./outer-step.ts";

/**
 * velocity = momentum * velocity + meanDelta; model + learningRate * velocity. The state is the velocity, zero at first.
 * The model takes the velocity of float64, the state keeps it rounded: each is rounded once.
 * Source: FedAvgM of Hsu, Qi and Brown 2019 (arXiv 1909.06335), with updates as steps instead of gradients.
 */
export function fedAvgM(
  { model, meanDelta, state }: OuterStepInput,
  { learningRate, momentum }: FedAvgMPlan,
): OuterStepResult {
  const velocity = new Float64Array(meanDelta);
  // At rest a zero is added as well: it turns -0 into 0, and the state's hash is over bits.
  addScaled(velocity, momentum, state ?? new Float32Array(model.length));
  const next = new Float64Array(model);
  addScaled(next, learningRate, velocity);
  return { model: new Float32Array(next), state: new Float32Array(velocity) };
}
