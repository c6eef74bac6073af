import { initialModel, type Plan } from "@chorus/aggregation";
import { type Dataset, emptyDataset } from "../data/dataset.ts";
import { ClientError } from "../error.ts";
import { onBackend } from "./backend.ts";
import type { BackendName } from "./backends/backend.ts";
import { openRung } from "./backends/open-rung.ts";
import { buildNetwork, type Network } from "./network.ts";
import { referenceMs } from "./reference-cost.ts";
import { gradient, randomBatch, worstTensor } from "./self-test.ts";
import { slopeError } from "./slope.ts";

/** How far a backend's gradient is from what it should be. */
export interface BackendCheck {
  readonly backend: BackendName;
  /**
   * "reference": compared with that of plain JavaScript, tensor by tensor. "slope": its length compared with the slope of the loss along
   * it, see {@link slopeError}, as the reference would take too long.
   */
  readonly method: "reference" | "slope";
  /** The tensor with the largest error, by its name in the layout; "all kernels" or "all biases" for "slope". */
  readonly tensor: string;
  /** See {@link worstTensor}; for "slope", relative to the length. NaN where a value is. */
  readonly relativeError: number;
}

/**
 * Errors from which on a backend is wrong. Right kernels agree with the reference within 2e-5 on all layers. A slope is bent by
 * relu and by maxima: up to 0.03 on models of one layer.
 */
const TOLERANCES: Readonly<Record<BackendCheck["method"], number>> = {
  reference: 1e-3,
  slope: 0.1,
};

/** What is wrong with a backend's gradient, in words, as "gradient of dense/bias is off by 1 of the largest value, wanted .."; undefined where it is right. */
export function gradientProblem({
  method,
  tensor,
  relativeError,
}: Omit<BackendCheck, "backend">): string | undefined {
  const tolerance = TOLERANCES[method];
  // Written so that NaN fails, too.
  if (relativeError < tolerance) return undefined;
  const scale = method === "reference" ? "the largest value" : "the loss' slope along it";
  return `gradient of ${tensor} is off by ${relativeError} of ${scale}, wanted less than ${tolerance}`;
}

/**
 * Compares as {@link compareBackend} does, and throws {@link ClientError} `backend-failed`, saying what is wrong, where
 * {@link gradientProblem} finds something.
 */
export async function checkBackend(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<BackendCheck> {
  const check = await compareBackend(name, plan, signal);
  const problem = gradientProblem(check);
  if (problem === undefined) return check;
  throw new ClientError("backend-failed", `on the backend ${name} the ${problem}`);
}

/**
 * How far the gradient of a plan's initial model on a random batch is off on a backend. Needs no data. Opens the backend and selects it.
 * Blocks for tens of milliseconds, with large convolutions for a few seconds. Throws as {@link openRung} and {@link buildNetwork} do, and the
 * signal's reason when aborted.
 */
export async function compareBackend(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<BackendCheck> {
  const opened = await openRung(name, signal);
  return await opened.use(async (either) => {
    using network = await buildNetwork(plan);
    const affordable = affordableExamples(plan);
    if (affordable === 0) return await compareSlope(name, plan, network, either);
    const batch = randomBatch(plan, Math.min(affordable, plan.training.batchSize));
    return await compareReference(name, plan, network, batch, either);
  }, signal);
}

/** Longest time for the reference's gradient of one example, and of more: McMahan's CNN takes 2.7 s for one. */
const ONE_EXAMPLE_MS = 3000;
const MORE_EXAMPLES_MS = 500;

/** As many as the reference can do, at most 32; 0 where it takes too long for one. */
function affordableExamples({ model }: Plan): number {
  const ms = referenceMs(model);
  if (ms > ONE_EXAMPLE_MS) return 0;
  return Math.max(1, Math.min(32, Math.floor(MORE_EXAMPLES_MS / ms)));
}

/**
 * In batches as large as those that train, as kernels are chosen by size: the same few examples again and again, of which the mean is that of
 * the few that the reference can do. Without dropout, which would differ between them.
 */
async function compareReference(
  backend: BackendName,
  { seed, training: { batchSize } }: Plan,
  network: Network,
  batch: Dataset,
  signal: AbortSignal,
): Promise<BackendCheck> {
  const model = initialModel(network.layout, seed);
  const gradientOn = (name: BackendName, examples: Dataset): Promise<Float32Array> =>
    onBackend(name, () => gradient(network, model, examples, undefined));
  const times = backend === "cpu" ? 1 : Math.floor(batchSize / batch.examples);
  const found = await gradientOn(backend, repeatExamples(batch, times));
  signal.throwIfAborted();
  const wanted = await gradientOn("cpu", batch);
  return { backend, method: "reference", ...worstTensor(network.layout, found, wanted) };
}

function repeatExamples(batch: Dataset, times: number): Dataset {
  const width = batch.features.length;
  const repeated = emptyDataset(times * batch.examples, batch.featureShape);
  for (let time = 0; time < times; time++) {
    repeated.features.set(batch.features, time * width);
    repeated.labels.set(batch.labels, time * batch.examples);
  }
  return repeated;
}

/** Of two examples, as a kernel may be wrong from the second one on. */
async function compareSlope(
  backend: BackendName,
  plan: Plan,
  network: Network,
  signal: AbortSignal,
): Promise<BackendCheck> {
  const model = initialModel(network.layout, plan.seed);
  const batch = randomBatch(plan, Math.min(2, plan.training.batchSize));
  const worst = await slopeError(backend, network, model, batch, signal);
  return { backend, method: "slope", ...worst };
}
