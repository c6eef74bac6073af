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
 * Compares a program with TensorFlow.js' operations: the gradient of `model` on a batch, the optimiser's step along it,
 * and the loss without dropout. Leaves any weights in both. Returns what does not agree within 0.001 of the largest value,
 * in words, or undefined.
 */
export function findDisagreement(
  training: Plan["training"],
  program: StaticProgram,
  network: Network,
  model: Float32Array,
  batch: Dataset,
): string | undefined {
  const { layout } = network;
  const wantedGradient = gradient(network, model, batch);
  const wantedLoss = network.evaluate(batch).loss;
  program.write(model);
  const { loss } = program.evaluate(batch);
  program.load(batch);
  program.forward(SELF_TEST_SEED);
  program.backward();
  const found = program.readGradient();
  const worst = worstTensor(layout, found, wantedGradient);
  if (!(worst.relativeError < TOLERANCE)) {
    return `the gradient of ${worst.tensor} is off by ${worst.relativeError} of the largest value`;
  }
  if (!(Math.abs(loss - wantedLoss) <= TOLERANCE * Math.abs(wantedLoss))) {
    return `the loss is ${loss}, wanted ${wantedLoss}`;
  }
  // Along the same gradient: Adam's first step is nearly the sign of each value, also of those that are rounding errors.
  const wanted = stepAlong(found, training.optimizer, network);
  using _round = program.openRound();
  program.update();
  return stepDisagreement(layout, model, program.read(), wanted);
}

/** The network's weights after one step of a new optimiser. */
function stepAlong(
  flatGradient: Float32Array,
  optimizerPlan: Plan["training"]["optimizer"],
  network: Network,
): Float32Array {
  using round = openOptimizer(optimizerPlan);
  tidy(() => {
    const gradients: NamedTensorMap = {};
    for (const [index, { offset, size, shape }] of network.layout.tensors.entries()) {
      const values = flatGradient.subarray(offset, offset + size);
      const name = network.variables[index]?.name ?? "";
      gradients[name] = tensor(values, [...shape], "float32");
    }
    round.optimizer.applyGradients(gradients);
  });
  return network.read();
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
      // Where a step is small beside the weight, the sum rounds to one of two neighbours.
      const rounding = 2 ** -23 * Math.abs(value);
      const apart = Math.abs((got[index] ?? Number.NaN) - value) - rounding;
      difference = Math.max(difference, apart);
    }
    if (difference <= TOLERANCE * largest) continue;
    return `the optimiser's step of ${name} is off by ${difference / largest} of the largest change`;
  }
  return undefined;
}
