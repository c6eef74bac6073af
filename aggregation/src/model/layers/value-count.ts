import { PlanError } from "../../plan/plan-error.ts";
import type { Shape } from "./layer-kind.ts";

/** Largest number of parameters of a model, and of values that one example has anywhere in it: 200 MB as float32. */
export const MAX_PARAMETERS = 50_000_000;

/** Product of a shape's sizes. Throws {@link PlanError} `too-large`, naming `path`, beyond {@link MAX_PARAMETERS}. */
export function valuesIn(shape: Shape, path: string): number {
  let values = 1;
  for (const size of shape) {
    // The factor before is at most 5e7. Where the product passes 2^53 it is rounded, and far beyond the limit.
    values *= size;
    if (values > MAX_PARAMETERS)
      throw new PlanError(
        "too-large",
        path,
        `got [${shape.join(", ")}], wanted at most ${MAX_PARAMETERS} values`,
      );
  }
  return values;
}
