import { PlanError } from "../../plan/plan-error.ts";
import type { Shape } from "./layer-kind.ts";

/** The sizes of rows, `[steps, features]`. Throws {@link PlanError} `bad-plan` for any other shape. */
export function rowsOf([input = []]: readonly Shape[], path: string): readonly [number, number] {
  const [steps, features] = input;
  if (input.length === 2 && steps !== undefined && features !== undefined) return [steps, features];
  throw wrongShape(path, input, "[steps, features]");
}

/** The sizes of an image, `[height, width, channels]`. Throws {@link PlanError} `bad-plan` for any other shape. */
export function imageOf(
  [input = []]: readonly Shape[],
  path: string,
): readonly [number, number, number] {
  const [height, width, channels] = input;
  if (input.length === 3 && height !== undefined && width !== undefined && channels !== undefined)
    return [height, width, channels];
  throw wrongShape(path, input, "[height, width, channels], as a Reshape layer gives it");
}

/** A shape that a layer does not take. */
export function wrongShape(path: string, got: Shape, wanted: string): PlanError {
  return new PlanError(
    "bad-plan",
    path,
    `got an input of shape [${got.join(", ")}], wanted ${wanted}`,
  );
}
