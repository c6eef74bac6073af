import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Dataset } from "../data/dataset.ts";
import { onBackend } from "./backend.ts";
import type { BackendName } from "./backends/backend.ts";
import type { Network } from "./network.ts";
import { gradient, SELF_TEST_SEED, type TensorError } from "./self-test.ts";
import { Turns } from "./turns.ts";

/**
 * Parts of the loss by which a step along the gradient changes it, about: small ones are lost in rounding, large ones cross kinks of relu
 * and of maxima. Tried in this order until one agrees.
 */
const CHANGES = [0.01, 0.003, 0.03, 0.001];

/** No other step would agree better by as much as matters. */
const GOOD = 0.02;

/** Apart, so that what is right in one does not hide what is wrong in the other. */
const GROUPS = [
  { tensor: "all kernels", isKernel: true },
  { tensor: "all biases", isKernel: false },
];

/** A group's part of the gradient's length below which it moves nothing, and may be rounding. */
const SMALL_PART = 0.01;

/** Loss of a batch at a model's weights. Shape `[parameters]`. */
type Loss = (weights: Float32Array) => Promise<number>;

/**
 * How far the length of a backend's gradient is from the slope of the loss along it, relative to the length: both are one number where
 * the gradient is right. For kernels and for vectors, the larger error; of several steps, the best. NaN where the loss or the gradient is
 * not finite, or a group's is 0. Shows what is wrong in what the gradient has, not what one tensor lacks. Leaves any weights in the
 * network. Throws the signal's reason when aborted.
 */
export async function slopeError(
  backend: BackendName,
  network: Network,
  model: Float32Array,
  batch: Dataset,
  signal: AbortSignal,
): Promise<TensorError> {
  const turns = new Turns();
  const lossAt: Loss = async (weights) => {
    await turns.take(signal);
    const loss = await onBackend(backend, () => lossTensor(network, weights, batch));
    const [value = Number.NaN] = await loss.data();
    loss.dispose();
    return value;
  };
  const steepest = await onBackend(backend, () => gradient(network, model, batch));
  const loss = await lossAt(model);
  let worst: TensorError = { tensor: "all kernels", relativeError: 0 };
  for (const { tensor, isKernel } of GROUPS) {
    const part = groupOf(steepest, network, isKernel);
    if (part === undefined || isSmall(part, steepest)) continue;
    const relativeError = await bestError(lossAt, loss, model, part);
    // Written so that NaN is the worst of all.
    if (!(relativeError <= worst.relativeError)) worst = { tensor, relativeError };
    if (Number.isNaN(relativeError)) break;
  }
  return worst;
}

/** A gradient with 0 for all tensors but those with two dimensions or more, or but the others; undefined where there are none. */
function groupOf(
  flat: Float32Array,
  { layout }: Network,
  isKernel: boolean,
): Float32Array | undefined {
  const members = layout.tensors.filter(({ shape }) => shape.length > 1 === isKernel);
  if (members.length === 0) return undefined;
  const group = new Float32Array(flat.length);
  for (const { offset, size } of members) {
    group.set(flat.subarray(offset, offset + size), offset);
  }
  return group;
}

/** Not where it is 0 altogether: that is lost. */
function isSmall(part: Float32Array, whole: Float32Array): boolean {
  const length = lengthOf(part);
  return length > 0 && length < SMALL_PART * lengthOf(whole);
}

async function bestError(
  lossAt: Loss,
  loss: number,
  model: Float32Array,
  direction: Float32Array,
): Promise<number> {
  const length = lengthOf(direction);
  if (!(length > 0 && Number.isFinite(length) && Number.isFinite(loss))) return Number.NaN;
  let best = Number.POSITIVE_INFINITY;
  for (const change of CHANGES) {
    const step = (change * loss) / length;
    const ahead = await lossAt(moved(model, direction, step / length));
    const behind = await lossAt(moved(model, direction, -step / length));
    const error = Math.abs((ahead - behind) / (2 * step) - length) / length;
    if (error < best) best = error;
    if (best < GOOD) break;
  }
  return best;
}

function lossTensor(network: Network, weights: Float32Array, batch: Dataset): Tensor {
  network.write(weights);
  return tidy(() => network.loss(batch, SELF_TEST_SEED));
}

function lengthOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

/** model + factor x direction, value by value. Shape `[parameters]` each. */
function moved(model: Float32Array, direction: Float32Array, factor: number): Float32Array {
  return model.map((value, index) => value + factor * (direction[index] ?? Number.NaN));
}
