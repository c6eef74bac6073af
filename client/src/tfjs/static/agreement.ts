import type { ModelLayout, Plan } from "@chorus/aggregation";
import { type NamedTensorMap, tensor, tidy } from "@tensorflow/tfjs-core";
import type { Dataset } from "../../data/dataset.ts";
import type { Network } from "../network.ts";
import { openOptimizer } from "../optimizer.ts";
import { gradient, SELF_TEST_SEED, worstTensor } from "../self-test.ts";
import type { StaticProgram } from "./static-program.ts";

/** As in the self-test of the backend: right programs agree within 2e-5, wrong ones are wrong by more. */
const TOLERANCE = 1e-3;

/**
 * A gradient below this part of the largest one is taken for rounding. Much less than in the self-test: Adam moves weights as far
 * for a small gradient as for a large one, and operations round alike, to 2.6e-6 of each tensor's own largest value.
 */
const SMALL_PART = 1e-6;

/**
 * Compares a program with TensorFlow.js' operations: the gradient of `model` on a batch, two steps of the optimiser,
 * and the loss without dropout. Leaves any weights in both. Returns what does not agree within 0.001 of the largest value,
 * in words, or undefined.
 */
export async function findDisagreement(
  training: Plan["training"],
  program: StaticProgram,
  network: Network,
  model: Float32Array,
  batch: Dataset,
): Promise<string | undefined> {
  const { layout } = network;
  const wantedGradient = await gradient(network, model, batch);
  const { loss: wantedLoss } = await network.evaluate(batch);
  program.write(model);
  const { loss } = await program.evaluate(batch);
  program.load(batch);
  program.forward(SELF_TEST_SEED);
  program.backward();
  const found = program.readGradient();
  const worst = worstTensor(layout, found, wantedGradient, SMALL_PART);
  if (!(worst.relativeError < TOLERANCE)) {
    return `the gradient of ${worst.tensor} is off by ${worst.relativeError} of the largest value`;
  }
  if (!(Math.abs(loss - wantedLoss) <= TOLERANCE * Math.abs(wantedLoss))) {
    return `the loss is ${loss}, wanted ${wantedLoss}`;
  }
  const wanted = await twoSteps(training, program, network, model);
  return stepDisagreement(layout, model, await program.read(), wanted);
}

/**
 * Takes two steps of a new optimiser with both: the second one also shows momentum, and what draws weights back. Along the
 * program's gradients: Adam's first step is nearly the sign of each value, also of those that are rounding errors. Returns
 * the network's weights.
 */
async function twoSteps(
  training: Plan["training"],
  program: StaticProgram,
  network: Network,
  model: Float32Array,
): Promise<Float32Array> {
  network.write(model);
  using round = openOptimizer(training, network.variables);
  using _round = program.openRound();
  for (let step = 1; step <= 2; step++) {
    program.forward(SELF_TEST_SEED);
    program.backward();
    const flat = program.readGradient();
    tidy(() => round.applyGradients(namedGradients(flat, network)));
    program.update();
  }
  return await network.read();
}

/** A gradient of all weights by the variables' names. To be called inside tidy. */
function namedGradients(flat: Float32Array, { layout, variables }: Network): NamedTensorMap {
  const named = layout.tensors.map(({ offset, size, shape }, index) => [
    variables[index]?.name ?? "",
    tensor(flat.subarray(offset, offset + size), [...shape], "float32"),
  ]);
  return Object.fromEntries(named);
}

function stepDisagreement(
  layout: ModelLayout,
  before: Float32Array,
  got: Float32Array,
  wanted: Float32Array,
): string | undefined {
  for (const { name, offset, size } of layout.tensors) {
    let largest = 0;
    let difference = 0;
    for (let index = offset; index < offset + size; index++) {
      const value = wanted[index] ?? Number.NaN;
      largest = Math.max(largest, Math.abs(value - (before[index] ?? Number.NaN)));
      // Where a step is small beside the weight, each of the two sums rounds to one of two neighbours.
      const rounding = 2 ** -22 * Math.abs(value);
      const apart = Math.abs((got[index] ?? Number.NaN) - value) - rounding;
      difference = Math.max(difference, apart);
    }
    if (difference <= TOLERANCE * largest) continue;
    return `the optimiser's steps of ${name} are off by ${difference / largest} of the largest change`;
  }
  return undefined;
}
