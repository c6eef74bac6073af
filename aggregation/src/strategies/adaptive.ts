import type { AdaptivePlan } from "../plan/plan.ts";
import type { OuterStepInput, OuterStepResult } from "./outer-step.ts";

/**
 * First and second moments of mean updates, without correction of their bias:
 * m = beta1 * m + (1 - beta1) * meanDelta; v grows towards meanDelta^2, for FedAdam by (1 - beta2) times their difference,
 * for FedYogi by (1 - beta2) * meanDelta^2 with the difference's sign; model + learningRate * m / (sqrt(v) + tau).
 * At first m is 0 and v is tau^2. The state is m, then v, each of shape `[parameters]`. The model takes moments of float64, the
 * state keeps them rounded: each is rounded once. Division and square root are exactly rounded by IEEE 754, like + and *.
 * Source: Reddi et al. 2021, Adaptive Federated Optimization (arXiv 2003.00295), Algorithm 2.
 */
export function adaptive(
  { model, meanDelta, state }: OuterStepInput,
  { kind, learningRate, beta1, beta2, tau }: AdaptivePlan,
): OuterStepResult {
  const size = model.length;
  const moments = new Float64Array(state ?? startOf(size, tau));
  const next = new Float64Array(model);
  const grow = kind === "fedadam" ? adam : yogi;
  for (const [i, delta] of meanDelta.entries()) {
    const first = beta1 * valueAt(moments, i) + (1 - beta1) * delta;
    const second = grow(valueAt(moments, size + i), delta * delta, beta2);
    moments[i] = first;
    moments[size + i] = second;
    next[i] = valueAt(next, i) + (learningRate * first) / (Math.sqrt(second) + tau);
  }
  return { model: new Float32Array(next), state: new Float32Array(moments) };
}

function startOf(size: number, tau: number): Float64Array {
  return new Float64Array(2 * size).fill(tau * tau, size);
}

function adam(before: number, square: number, beta2: number): number {
  return beta2 * before + (1 - beta2) * square;
}

function yogi(before: number, square: number, beta2: number): number {
  return before - (1 - beta2) * square * Math.sign(before - square);
}

function valueAt(vector: Float64Array, index: number): number {
  return vector[index] ?? Number.NaN;
}
