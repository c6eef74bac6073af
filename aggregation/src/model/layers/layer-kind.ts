import type { z } from "zod";

/** Sizes of one example's values, without the batch. */
export type Shape = readonly number[];

/** What every layer may say of itself. */
export interface LayerConfig {
  /** Names its tensors; `<class>_<position>` where it is left out, as in "dense_2". */
  readonly name?: string;
  /**
   * Shape of an example after the batch dimension, which is null. The first layer of a row has it, and no other; a layer of a
   * graph may, where it agrees with what the layer takes, and a plan leaves it out.
   */
  readonly batch_input_shape?: readonly [null, ...number[]];
}

/** How a tensor begins, see {@link initialModel}. */
export type InitialValues =
  /** Uniform in [-limit, limit]. */
  | { readonly kind: "uniform"; readonly limit: number }
  /** As many parts of equal length as there are values, each filled with one of them. */
  | { readonly kind: "parts"; readonly values: readonly number[] };

/** A tensor that a layer has. */
export interface TensorSpec {
  /** Within the layer, as "kernel". */
  readonly name: string;
  readonly shape: Shape;
  readonly initial: InitialValues;
}

/** All that is to know of a class of layers. `inputs` are as many shapes as `takes` says. */
export interface LayerKind<Config extends LayerConfig> {
  /** Checks a config and leaves out of it what an export of TensorFlow.js says without changing the result. */
  readonly config: z.ZodType<Config>;
  /** How many other layers it takes; "example": the example itself, which it does not differentiate. */
  readonly takes: "one" | "two" | "several" | "example";
  /**
   * The shape that it gives. `path` is the layer's, for a {@link PlanError}: `bad-plan` for shapes that it does not take,
   * `too-large` beyond {@link MAX_PARAMETERS} values.
   */
  output(config: Config, inputs: readonly Shape[], path: string): Shape;
  /**
   * Its tensors in the order in which tfjs-layers creates them, for shapes that {@link output} takes. Sizes are safe
   * integers, their product is not checked.
   */
  tensors(config: Config, inputs: readonly Shape[]): readonly TensorSpec[];
}

/** For layers without weights. */
export function noTensors(): readonly TensorSpec[] {
  return [];
}
