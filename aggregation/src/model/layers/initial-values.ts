import type { InitialValues } from "./layer-kind.ts";

export const ZEROS: InitialValues = { kind: "parts", values: [0] };
export const ONES: InitialValues = { kind: "parts", values: [1] };

/**
 * Uniform in [-limit, limit] with limit = sqrt(6 / (fanIn + fanOut)): values that one output is a sum of, and outputs
 * that one value is a part of. Source: Glorot and Bengio 2010, equation 16.
 */
export function glorot(fanIn: number, fanOut: number): InitialValues {
  return { kind: "uniform", limit: Math.sqrt(6 / (fanIn + fanOut)) };
}
