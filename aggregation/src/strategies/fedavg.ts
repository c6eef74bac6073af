import { addScaled } from "./add-scaled.ts";
import type { OuterStepInput, OuterStepResult } from "./outer-step.ts";

/** model + meanDelta. Source: McMahan et al. 2017, Algorithm 1. */
export function fedAvg({ model, meanDelta }: OuterStepInput): OuterStepResult {
  const next = new Float64Array(model);
  addScaled(next, 1, meanDelta);
  return { model: new Float32Array(next), state: undefined };
}
