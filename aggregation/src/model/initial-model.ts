import { RandomNumbers, seededRandom } from "../random.ts";
import { ZEROS } from "./layers/initial-values.ts";
import type { ModelLayout, TensorSlot } from "./layout.ts";

/**
 * The model before the first round, shape `[parameters]`: a function of the plan alone, so that anyone can make it again.
 * Tensors that are drawn have a stream each, named by seed and tensor. Only + - * / and sqrt, which IEEE 754 rounds the
 * same everywhere.
 */
export function initialModel(layout: ModelLayout, seed: number): Float32Array {
  const model = new Float32Array(layout.parameters);
  for (const tensor of layout.tensors) fill(model, tensor, seed);
  return model;
}

/** Fills one tensor's part of the model. */
function fill(
  model: Float32Array,
  { name, offset, size, initial = ZEROS }: TensorSlot,
  seed: number,
): void {
  if (initial.kind === "parts") {
    const part = size / initial.values.length;
    for (const [index, value] of initial.values.entries())
      model.fill(value, offset + index * part, offset + (index + 1) * part);
    return;
  }
  const random = new RandomNumbers(seededRandom(`chorus/initial-model/v1/${seed}/${name}`));
  for (let index = offset; index < offset + size; index++)
    model[index] = initial.limit * (2 * random.unit() - 1);
}
