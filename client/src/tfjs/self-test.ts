import {
  classCount,
  exampleShape,
  type ModelLayout,
  type Plan,
  RandomNumbers,
  seededRandom,
  vocabularyOf,
} from "@chorus/aggregation";
import { type Tensor, tidy, variableGrads } from "@tensorflow/tfjs-core";
import { type Dataset, emptyDataset } from "../data/dataset.ts";
import type { Network } from "./network.ts";

/** Decides what dropout leaves out where gradients are compared. */
export const SELF_TEST_SEED = "chorus/self-test/v1";

/** Examples as the plan describes them, but of noise. */
export function randomBatch(plan: Plan, examples: number): Dataset {
  const batch = emptyDataset(examples, exampleShape(plan));
  const random = new RandomNumbers(seededRandom(SELF_TEST_SEED));
  const vocabulary = vocabularyOf(plan.model);
  const draw = () => (vocabulary === undefined ? 2 * random.unit() - 1 : random.below(vocabulary));
  for (const index of batch.features.keys()) batch.features[index] = draw();
  for (const index of batch.labels.keys()) {
    batch.labels[index] = random.below(classCount(plan.data));
  }
  return batch;
}

/**
 * Gradient of the loss, shape `[parameters]`, with dropout by `dropoutSeed`, or without. Computed on the backend that is selected
 * when this is called; only reading it takes longer.
 */
export async function gradient(
  network: Network,
  model: Float32Array,
  batch: Dataset,
  dropoutSeed: string | undefined = SELF_TEST_SEED,
): Promise<Float32Array> {
  network.write(model);
  const gradients = gradientTensors(network, batch, dropoutSeed);
  const flat = new Float32Array(network.layout.parameters);
  const values = await Promise.all(gradients.map((tensor) => tensor?.data()));
  for (const [index, { offset }] of network.layout.tensors.entries()) {
    flat.set(values[index] ?? [], offset);
    gradients[index]?.dispose();
  }
  return flat;
}

/** In the layout's order; undefined where a tensor has no gradient. */
function gradientTensors(
  network: Network,
  batch: Dataset,
  dropoutSeed: string | undefined,
): readonly (Tensor | undefined)[] {
  const loss = () => network.loss(batch, dropoutSeed);
  const grads = tidy(() => variableGrads(loss, [...network.variables]).grads);
  return network.variables.map(({ name }) => grads[name]);
}

/**
 * Of a tensor whose gradient is small beside the others', or 0 but for rounding (the bias of attention's keys), this part of the largest
 * value of all tensors is what errors are compared with.
 */
const SMALL_PART = 1e-3;

/** A tensor, and how far its values are off. */
export interface TensorError {
  /** Its name in the layout. */
  readonly tensor: string;
  /** Largest difference / the reference's largest value, or {@link SMALL_PART} of the largest of all tensors where that is more. NaN where a value is. */
  readonly relativeError: number;
}

/**
 * The tensor of the layout in which a gradient is furthest from the reference's, relative to the largest value there, or to the part
 * `smallPart` of the largest value of all tensors where that is more.
 */
export function worstTensor(
  layout: ModelLayout,
  got: Float32Array,
  wanted: Float32Array,
  smallPart: number = SMALL_PART,
): TensorError {
  const least = smallPart * largestOf(wanted);
  let worst = { tensor: "", relativeError: -1 };
  for (const { name, offset, size } of layout.tensors) {
    const reference = wanted.subarray(offset, offset + size);
    const difference = largestDifference(got.subarray(offset, offset + size), reference);
    const error = difference === 0 ? 0 : difference / Math.max(least, largestOf(reference));
    // NaN is the worst of all.
    if (Number.isNaN(error)) return { tensor: name, relativeError: error };
    if (error > worst.relativeError) worst = { tensor: name, relativeError: error };
  }
  return worst;
}

function largestDifference(values: Float32Array, reference: Float32Array): number {
  return reference.reduce(
    (largest, wanted, index) => Math.max(largest, Math.abs((values[index] ?? Number.NaN) - wanted)),
    0,
  );
}

function largestOf(values: Float32Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}
