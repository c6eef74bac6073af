import {
  type NamedAttrMap,
  registerGradient,
  reshape,
  sum,
  type Tensor,
  Tile,
} from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";

/**
 * Registers the gradient of tile, on all backends, in place of core's, which cuts out every repetition and adds it: for layer
 * normalisation, which repeats its weights over all tokens, that is thousands of operations a step.
 */
export function registerTileGradient(): void {
  registerGradient({
    kernelName: Tile,
    inputsToSave: ["x"],
    gradFunc: (outGradient, [x], attrs) => {
      const gradient = Array.isArray(outGradient) ? outGradient[0] : outGradient;
      if (x === undefined || gradient === undefined)
        throw new Error("tile has no gradient to pass on");
      return { x: () => tileGradient(gradient, x.shape, repetitions(attrs)) };
    },
  });
}

/** The sum over all repetitions, shape `shape`: axis by axis, each time of `[before, repetitions, after]`. */
function tileGradient(
  outGradient: Tensor,
  shape: readonly number[],
  reps: readonly number[],
): Tensor {
  let gradient = outGradient;
  let before = 1;
  for (const [axis, length] of shape.entries()) {
    const count = reps[axis] ?? 1;
    if (count > 1)
      gradient = sum(reshape(gradient, [before, count, gradient.size / (before * count)]), 1);
    before *= length;
  }
  return reshape(gradient, [...shape]);
}

function repetitions(attrs: NamedAttrMap): readonly number[] {
  const { reps } = attrs;
  if (Array.isArray(reps) && reps.every((count) => typeof count === "number")) return reps;
  throw new ClientError("unsupported-layer", `${Tile} has ${reps} for repetitions, wanted numbers`);
}
