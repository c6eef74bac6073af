import type { LoweredModel } from "../lowered-model.ts";
import type { Operation } from "../operations.ts";

/**
 * Multiplications and additions, in millions, of the products of one training step on `examples` examples: forward, for the
 * weights' gradient, and for the input's, which the first layer does not need.
 */
export function megaflops({ operations }: LoweredModel, examples: number): number {
  const products = operations.map(multiplications).filter((count) => count > 0);
  const [first = 0] = products;
  const forward = products.reduce((sum, count) => sum + count, 0);
  return (2 * examples * (3 * forward - first)) / 1e6;
}

/** Of one example's forward pass. */
function multiplications(operation: Operation): number {
  switch (operation.kind) {
    case "dense":
      return operation.inputs * operation.outputs;
    case "conv2d":
      return operation.outputs * taps(operation.window) * operation.window.inChannels;
    case "depthwise":
      return operation.outputs * taps(operation.window);
    default:
      return 0;
  }
}

function taps(window: { readonly filterHeight: number; readonly filterWidth: number }): number {
  return window.filterHeight * window.filterWidth;
}
