import { RandomNumbers, seededRandom } from "../random.ts";
import type { ModelLayout, TensorSlot } from "./layout.ts";

/**
 * The model before the first round, shape `[parameters]`: a function of the plan alone, so that anyone can make it again.
 * Kernels `[in, out]` are uniform in [-limit, limit] with limit = sqrt(6 / (in + out)), biases are zero. Each tensor has
 * its own stream, named by seed and tensor. Only + - * / and sqrt, which IEEE 754 rounds the same everywhere.
 * Source: Glorot and Bengio 2010, equation 16.
 */
export function initialModel(layout: ModelLayout, seed: number): Float32Array {
  const model = new Float32Array(layout.parameters);
  for (const tensor of layout.tensors) drawKernel(model, tensor, seed);
  return model;
}

/** Fills one tensor's part of the model. What is not a kernel, having one dimension, stays zero. */
function drawKernel(
  model: Float32Array,
  { name, shape, offset, size }: TensorSlot,
  seed: number,
): void {
  const [inputs, outputs] = shape;
  if (inputs === undefined || outputs === undefined) return;
  const limit = Math.sqrt(6 / (inputs + outputs));
  const random = new RandomNumbers(seededRandom(`chorus/initial-model/v1/${seed}/${name}`));
  for (let index = offset; index < offset + size; index++)
    model[index] = limit * (2 * random.unit() - 1);
}
