import type { Plan } from "@chorus/aggregation";
import {
  conv2d,
  matMul,
  memory,
  ones,
  type Rank,
  sum,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { randomBatch } from "../self-test.ts";
import { openStepperOn } from "../stepper-on.ts";
import type { BackendName } from "./backend.ts";
import { fastestMs } from "./timing.ts";

/** How fast a backend is at what training consists of, and whether it keeps what it should not. */
export interface Measurements {
  /** Products of two square matrices: 10^9 additions and multiplications a second. */
  readonly products: readonly { readonly size: number; readonly gflops: number }[];
  /** Milliseconds of 32 filters of 3 x 3 x 16 over 32 images of 28 x 28. */
  readonly convolutionMs: number;
  /** Tensors and their bytes that steps of the plan leave behind; must be 0. */
  readonly leak: { readonly steps: number; readonly tensors: number; readonly bytes: number };
}

const SIZES = [512, 1024];

/** A product that takes longer says enough of a backend; the next one takes eight times as long. */
const SLOW_PRODUCT_MS = 100;

/** Steps in which a leak shows, and how long they may take where a step is slow. */
const LEAK_STEPS = 50;
const LEAK_MS = 5000;

/** Measures the backend that is selected, which is `name`. Takes a second or two. Throws the signal's reason when aborted. */
export async function measureBackend(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<Measurements> {
  const products: { size: number; gflops: number }[] = [];
  for (const size of SIZES) {
    signal.throwIfAborted();
    const ms = await productMs(size);
    products.push({ size, gflops: (2 * size ** 3) / (ms * 1e6) });
    if (ms > SLOW_PRODUCT_MS) break;
  }
  return { products, convolutionMs: await convolutionMs(), leak: await leakOf(name, plan, signal) };
}

async function productMs(size: number): Promise<number> {
  const [left, right] = [ones([size, size]), ones([size, size])];
  const ms = await operationMs(() => matMul(left, right));
  for (const factor of [left, right]) factor.dispose();
  return ms;
}

async function convolutionMs(): Promise<number> {
  const images = ones<Rank.R4>([32, 28, 28, 16]);
  const filters = ones<Rank.R4>([3, 3, 16, 32]);
  const ms = await operationMs(() => conv2d(images, filters, 1, "same"));
  for (const factor of [images, filters]) factor.dispose();
  return ms;
}

/** One number of the last result is awaited: a device works through what it was given in order. */
function operationMs(compute: () => Tensor): Promise<number> {
  return fastestMs(async (times) => {
    for (let time = 1; time < times; time++) compute().dispose();
    const last = tidy(() => sum(compute()));
    await last.data();
    last.dispose();
  });
}

async function leakOf(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<Measurements["leak"]> {
  const batch = randomBatch(plan, plan.training.batchSize);
  using stepper = await openStepperOn(name, plan, batch);
  using round = stepper.openRound();
  const untilMs = performance.now() + LEAK_MS;
  const run = async (): Promise<void> => {
    signal.throwIfAborted();
    round.step(batch, "leak");
    await round.lossSum();
  };
  await run();
  const before = memory();
  let steps = 0;
  for (; steps < LEAK_STEPS && performance.now() < untilMs; steps++) await run();
  const after = memory();
  return {
    steps,
    tensors: after.numTensors - before.numTensors,
    bytes: after.numBytes - before.numBytes,
  };
}
