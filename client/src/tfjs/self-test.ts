import {
  classCount,
  exampleShape,
  initialModel,
  type ModelLayout,
  type Plan,
  RandomNumbers,
  seededRandom,
} from "@chorus/aggregation";
import { tidy, variableGrads } from "@tensorflow/tfjs-core";
import { type Dataset, emptyDataset } from "../data/dataset.ts";
import { ClientError } from "../error.ts";
import { type BackendName, onBackend, openBackend } from "./backend.ts";
import { buildNetwork, type Network } from "./network.ts";

/** Decides what dropout leaves out where gradients are compared. */
export const SELF_TEST_SEED = "chorus/self-test/v1";

/** How far the training backend's gradient is from the reference's. */
export interface BackendCheck {
  readonly backend: BackendName;
  /** The tensor with the largest error, by its name in the layout. */
  readonly tensor: string;
  /** Largest difference in that tensor / the reference's largest value there. Below 0.001. */
  readonly relativeError: number;
}

/**
 * Compares the gradient of a plan's initial model on a random batch between the WASM backend and plain JavaScript.
 * Needs no data. Blocks for tens of milliseconds, with millions of parameters for about a second. Throws {@link ClientError} `backend-failed`, naming the tensor, from a
 * relative error of 0.001 on, and as {@link openBackend} and {@link buildNetwork} do.
 */
export async function checkBackend(plan: Plan, signal: AbortSignal): Promise<BackendCheck> {
  await openBackend(signal);
  using network = await buildNetwork(plan);
  const model = initialModel(network.layout, plan.seed);
  const batch = randomBatch(plan, network.layout.parameters);
  const gradientOn = (backend: BackendName): Promise<Float32Array> =>
    onBackend(backend, () => gradient(network, model, batch));
  const check = worstTensor(network.layout, await gradientOn("wasm"), await gradientOn("cpu"));
  signal.throwIfAborted();
  // Right kernels agree within 2e-5 on all layers; wrong ones are wrong by more than this. NaN fails, too.
  if (check.relativeError < 1e-3) return check;
  throw new ClientError(
    "backend-failed",
    `the gradient of ${check.tensor} on the backend ${check.backend} is off by ${check.relativeError} of the ` +
      "reference's largest value, wanted less than 0.001",
  );
}

/** As in training, but few enough examples for the reference, which makes some 10^8 multiplications a second. */
function randomBatch(plan: Plan, parameters: number): Dataset {
  const affordable = Math.max(1, Math.floor(2e7 / parameters));
  const batch = emptyDataset(Math.min(affordable, plan.training.batchSize, 32), exampleShape(plan));
  const random = new RandomNumbers(seededRandom(SELF_TEST_SEED));
  for (const index of batch.features.keys()) batch.features[index] = 2 * random.unit() - 1;
  for (const index of batch.labels.keys()) {
    batch.labels[index] = random.below(classCount(plan.data));
  }
  return batch;
}

/** Gradient of the loss on the selected backend, shape `[parameters]`, with dropout by {@link SELF_TEST_SEED}. */
export function gradient(network: Network, model: Float32Array, batch: Dataset): Float32Array {
  network.write(model);
  const flat = new Float32Array(network.layout.parameters);
  // Not returned by tidy, which would search every number of it for tensors.
  tidy(() => {
    const loss = () => network.loss(batch, SELF_TEST_SEED);
    const { grads } = variableGrads(loss, [...network.variables]);
    for (const [index, { offset }] of network.layout.tensors.entries()) {
      flat.set(grads[network.variables[index]?.name ?? ""]?.dataSync() ?? [], offset);
    }
  });
  return flat;
}

/** The tensor of the layout in which a gradient is furthest from the reference's, relative to the largest value there. */
export function worstTensor(
  layout: ModelLayout,
  got: Float32Array,
  wanted: Float32Array,
): BackendCheck {
  let worst: BackendCheck = { backend: "wasm", tensor: "", relativeError: -1 };
  for (const { name, offset, size } of layout.tensors) {
    const end = offset + size;
    const error = relativeError(got.subarray(offset, end), wanted.subarray(offset, end));
    // Written so that NaN is the worst of all.
    if (!(error <= worst.relativeError)) worst = { ...worst, tensor: name, relativeError: error };
  }
  return worst;
}

/** Largest difference / largest reference; infinite where only the reference is all 0. */
function relativeError(values: Float32Array, reference: Float32Array): number {
  let difference = 0;
  let largest = 0;
  for (const [index, wanted] of reference.entries()) {
    difference = Math.max(difference, Math.abs((values[index] ?? Number.NaN) - wanted));
    largest = Math.max(largest, Math.abs(wanted));
  }
  return difference === 0 ? 0 : difference / largest;
}
