import {
  classCount,
  exampleShape,
  initialModel,
  type ModelLayout,
  type Plan,
  RandomNumbers,
  seededRandom,
  vocabularyOf,
} from "@chorus/aggregation";
import { type Tensor, tidy, variableGrads } from "@tensorflow/tfjs-core";
import { type Dataset, emptyDataset } from "../data/dataset.ts";
import { ClientError } from "../error.ts";
import { onBackend } from "./backend.ts";
import type { BackendName } from "./backends/backend.ts";
import { openRung } from "./backends/open-rung.ts";
import { buildNetwork, type Network } from "./network.ts";

/** Decides what dropout leaves out where gradients are compared. */
export const SELF_TEST_SEED = "chorus/self-test/v1";

/** Right kernels agree within 2e-5 on all layers; wrong ones are wrong by more than this. */
export const GRADIENT_TOLERANCE = 1e-3;

/** How far a backend's gradient is from the reference's. */
export interface BackendCheck {
  readonly backend: BackendName;
  /** The tensor with the largest error, by its name in the layout. */
  readonly tensor: string;
  /** Largest difference in that tensor / the reference's largest value there. NaN where a value is. */
  readonly relativeError: number;
}

/**
 * Compares as {@link compareBackend} does, and throws {@link ClientError} `backend-failed`, naming the tensor, from
 * {@link GRADIENT_TOLERANCE} on.
 */
export async function checkBackend(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<BackendCheck> {
  const check = await compareBackend(name, plan, signal);
  // Written so that NaN fails, too.
  if (check.relativeError < GRADIENT_TOLERANCE) return check;
  throw new ClientError(
    "backend-failed",
    `the gradient of ${check.tensor} on the backend ${check.backend} is off by ${check.relativeError} of the ` +
      `reference's largest value, wanted less than ${GRADIENT_TOLERANCE}`,
  );
}

/**
 * How far the gradient of a plan's initial model on a random batch is on a backend from that of plain JavaScript. Needs no data.
 * Opens the backend and selects it. Blocks for tens of milliseconds, with large convolutions for seconds. Throws as {@link openRung} and {@link buildNetwork} do.
 */
export async function compareBackend(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<BackendCheck> {
  const opened = await openRung(name, signal);
  return await opened.use(async (either) => {
    using network = await buildNetwork(plan);
    const model = initialModel(network.layout, plan.seed);
    const batch = randomBatch(plan, affordableExamples(plan, network.layout));
    const gradientOn = (backend: BackendName): Promise<Float32Array> =>
      onBackend(backend, () => gradient(network, model, batch));
    const found = await gradientOn(name);
    either.throwIfAborted();
    return { backend: name, ...worstTensor(network.layout, found, await gradientOn("cpu")) };
  }, signal);
}

/** Multiplications that the reference is asked for, forward: it makes some 10^8 a second. */
const REFERENCE_MULTIPLICATIONS = 2e7;

/** As in training, but few enough examples for the reference. A kernel of more than two dimensions is taken for one that moves over the whole example. */
function affordableExamples(plan: Plan, { tensors }: ModelLayout): number {
  const positions = exampleShape(plan).reduce((product, length) => product * length, 1);
  const multiplications = tensors.reduce(
    (sum, { shape, size }) => sum + (shape.length > 2 ? size * positions : size),
    0,
  );
  const affordable = Math.max(1, Math.floor(REFERENCE_MULTIPLICATIONS / multiplications));
  return Math.min(affordable, plan.training.batchSize, 32);
}

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
 * Gradient of the loss, shape `[parameters]`, with dropout by {@link SELF_TEST_SEED}. Computed on the backend that is selected
 * when this is called; only reading it takes longer.
 */
export async function gradient(
  network: Network,
  model: Float32Array,
  batch: Dataset,
): Promise<Float32Array> {
  const gradients = gradientTensors(network, model, batch);
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
  model: Float32Array,
  batch: Dataset,
): readonly (Tensor | undefined)[] {
  network.write(model);
  const loss = () => network.loss(batch, SELF_TEST_SEED);
  const grads = tidy(() => variableGrads(loss, [...network.variables]).grads);
  return network.variables.map(({ name }) => grads[name]);
}

/**
 * Of a tensor whose gradient is small beside the others', or 0 but for rounding (the bias of attention's keys), this part of the largest
 * value of all tensors is what errors are compared with: such a gradient moves nothing.
 */
const SMALL_PART = 0.01;

/** The tensor of the layout in which a gradient is furthest from the reference's, relative to the largest value there. */
export function worstTensor(
  layout: ModelLayout,
  got: Float32Array,
  wanted: Float32Array,
): Omit<BackendCheck, "backend"> {
  const least = SMALL_PART * largestOf(wanted);
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
