import { RandomNumbers, seededRandom } from "@chorus/aggregation";
import { grads, mul, sum, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { onBackend } from "../backend.ts";
import type { BackendName } from "../backends/backend.ts";

/** An operation on float32 tensors whose result and gradients are compared between the backends. */
export interface OperationCase {
  readonly shapes: readonly (readonly number[])[];
  readonly compute: (...inputs: Tensor[]) => Tensor;
}

/** Inputs from -1 to 1, the same for the same seed. */
export function randomInputs(shapes: OperationCase["shapes"], seed: string): Float32Array[] {
  const random = new RandomNumbers(seededRandom(seed));
  return shapes.map((shape) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return Float32Array.from({ length: size }, () => 2 * random.unit() - 1);
  });
}

/** Factors for the values of a result, so that each has a gradient of its own: shape as the result's. */
export function distinctFactors(shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, index) => Math.sin(index + 1)),
    shape,
  );
}

/** The result and the gradient for each input of the sum of the result times {@link distinctFactors}. */
function resultAndGradients(
  { shapes, compute }: OperationCase,
  inputs: readonly Float32Array[],
  backend: BackendName,
): Promise<Float32Array[]> {
  return onBackend(backend, () => {
    const found: Float32Array[] = [];
    tidy(() => {
      const tensors = inputs.map((values, index) => tensor(values, [...(shapes[index] ?? [])]));
      const out = compute(...tensors);
      found.push(out.dataSync<"float32">());
      const weighted = grads((...xs) => sum(mul(compute(...xs), distinctFactors(out.shape))));
      for (const gradient of weighted(tensors)) found.push(gradient.dataSync<"float32">());
    });
    return found;
  });
}

/** The result alone, in a list, for operations without a gradient. */
export function resultOf(
  { shapes, compute }: OperationCase,
  inputs: readonly Float32Array[],
  backend: BackendName,
): Promise<Float32Array[]> {
  return onBackend(backend, () => {
    const found: Float32Array[] = [];
    tidy(() => {
      const tensors = inputs.map((values, index) => tensor(values, [...(shapes[index] ?? [])]));
      found.push(compute(...tensors).dataSync<"float32">());
    });
    return found;
  });
}

/** Largest difference / largest value of the reference, the largest over several vectors; NaN where there is one. */
export function relativeError(
  values: readonly Float32Array[],
  references: readonly Float32Array[],
): number {
  if (values.length !== references.length) return Number.NaN;
  return Math.max(
    ...references.map((reference, index) => relativeDifference(values[index], reference)),
  );
}

function relativeDifference(values: Float32Array | undefined, reference: Float32Array): number {
  if (values?.length !== reference.length) return Number.NaN;
  let difference = 0;
  let largest = 0;
  for (const [index, wanted] of reference.entries()) {
    difference = Math.max(difference, Math.abs((values[index] ?? Number.NaN) - wanted));
    largest = Math.max(largest, Math.abs(wanted));
  }
  return difference === 0 ? 0 : difference / largest;
}

/** {@link relativeError} of the WASM backend's result and gradients, with the CPU backend as reference. */
export async function errorOf(operation: OperationCase, seed: string): Promise<number> {
  const inputs = randomInputs(operation.shapes, seed);
  const values = await resultAndGradients(operation, inputs, "wasm");
  return relativeError(values, await resultAndGradients(operation, inputs, "cpu"));
}
