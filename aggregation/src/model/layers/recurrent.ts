import type { z } from "zod";
import { choice } from "../../plan/fields.ts";
import { PlanError } from "../../plan/plan-error.ts";
import type { Activation } from "./activation-names.ts";
import {
  activationSchema,
  flagSchema,
  layerConfig,
  only,
  sizeSchema,
  tensorKeys,
} from "./config-schema.ts";
import { glorot, ZEROS } from "./initial-values.ts";
import { rowsOf, wrongShape } from "./input-shape.ts";
import type { InitialValues, LayerConfig, LayerKind, Shape, TensorSpec } from "./layer-kind.ts";
import { valuesIn } from "./value-count.ts";

/** Each step of a row from the one before: input `[steps, in]`, output `[units]`. */
export interface RecurrentConfig extends LayerConfig {
  readonly units: number;
  /** Left out, it is "tanh". */
  readonly activation?: Activation;
  /** Left out, it is true. */
  readonly use_bias?: boolean;
  /** Gives all steps, `[steps, units]`, in place of the last. Left out, it is false. */
  readonly return_sequences?: boolean;
}

/** A recurrent layer with gates. */
export interface GatedConfig extends RecurrentConfig {
  /** Of the gates; left out, it is "hard_sigmoid", as in tfjs-layers. */
  readonly recurrent_activation?: "sigmoid" | "hard_sigmoid";
}

/** Each step is some twenty operations, which are laid out one by one. */
const MAX_STEPS = 1024;

const OWN_RANDOMNESS = "it would draw from a generator that has no seed; use a Dropout layer";
const exportedKeys: Readonly<Record<string, z.ZodType>> = {
  ...tensorKeys("kernel", "recurrent", "bias"),
  dropout: only([0], OWN_RANDOMNESS),
  recurrent_dropout: only([0], OWN_RANDOMNESS),
  return_state: only([false], "a layer has one output"),
  go_backwards: only([false], "rows are read forwards"),
  stateful: only([false], "an example knows nothing of the one before"),
  unroll: only([false, true], "one of these"),
  implementation: only([null, 1, 2], "one of these"),
  // Its bias begins with 1 in any case.
  unit_forget_bias: only([null, false, true], "one of these"),
  reset_after: only([false], "the reset gate comes before the product"),
};

const recurrentFields = {
  units: sizeSchema,
  activation: activationSchema.exactOptional(),
  use_bias: flagSchema.exactOptional(),
  return_sequences: flagSchema.exactOptional(),
};
const gatedFields = {
  ...recurrentFields,
  recurrent_activation: choice(["sigmoid", "hard_sigmoid"]).exactOptional(),
};

export const SIMPLE_RNN: LayerKind<RecurrentConfig> = {
  config: layerConfig(recurrentFields, exportedKeys),
  takes: "one",
  output: (config, inputs, path) => recurrentOutput(config, 1, inputs, path),
  tensors: (config, inputs) => recurrentTensors(config, 1, inputs, ZEROS),
};

/** Update gate, reset gate, state. Source: Cho et al. 2014. */
export const GRU: LayerKind<GatedConfig> = {
  config: layerConfig(gatedFields, exportedKeys),
  takes: "one",
  output: (config, inputs, path) => recurrentOutput(config, 3, inputs, path),
  tensors: (config, inputs) => recurrentTensors(config, 3, inputs, ZEROS),
};

/**
 * Input gate, forget gate, cell, output gate; the forget gate's bias begins with 1.
 * Sources: Hochreiter and Schmidhuber 1997; Jozefowicz et al. 2015, section 2.2, for the bias.
 */
export const LSTM: LayerKind<GatedConfig> = {
  config: layerConfig(gatedFields, exportedKeys),
  takes: "one",
  output: (config, inputs, path) => recurrentOutput(config, 4, inputs, path),
  tensors: (config, inputs) =>
    recurrentTensors(config, 4, inputs, { kind: "parts", values: [0, 1, 0, 0] }),
};

function recurrentOutput(
  { units, return_sequences = false }: RecurrentConfig,
  gates: number,
  inputs: readonly Shape[],
  path: string,
): Shape {
  const [steps, features] = rowsOf(inputs, path);
  if (steps > MAX_STEPS)
    throw new PlanError("too-large", path, `got ${steps} steps, wanted at most ${MAX_STEPS}`);
  // TensorFlow.js has no gradient for the input of a single step.
  if (steps === 1) throw wrongShape(path, [steps, features], "two steps or more");
  // gates x units is below 4 x 5e7.
  for (const kernel of [
    [features, gates * units],
    [units, gates * units],
    [steps, gates * units],
  ])
    valuesIn(kernel, `${path}.config.units`);
  return return_sequences ? [steps, units] : [units];
}

/** The gates lie side by side: kernel `[in, gates x units]`, recurrent kernel `[units, gates x units]`. */
function recurrentTensors(
  { units, use_bias }: RecurrentConfig,
  gates: number,
  [input = []]: readonly Shape[],
  bias: InitialValues,
): readonly TensorSpec[] {
  const features = input[1] ?? 1;
  const width = gates * units;
  const kernels = [
    { name: "kernel", shape: [features, width], initial: glorot(features, width) },
    { name: "recurrent_kernel", shape: [units, width], initial: glorot(units, width) },
  ];
  if (use_bias === false) return kernels;
  return [...kernels, { name: "bias", shape: [width], initial: bias }];
}
