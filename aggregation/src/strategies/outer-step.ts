import { ModelError } from "../model/model-error.ts";
import type { StrategyPlan } from "../plan/plan.ts";
import { firstNonFinite } from "../vector.ts";
import { fedAvg } from "./fedavg.ts";
import { fedAvgM } from "./fedavgm.ts";

/** What a round made of a run's model, and what it starts from. */
export interface OuterStepInput {
  /** The parent model, shape `[parameters]`. */
  readonly model: Float32Array;
  /** Weighted mean of the survivors' updates, shape `[parameters]`. */
  readonly meanDelta: Float64Array;
  /** What the strategy handed out after the round before, shape `[parameters]`; undefined at first, and without state. */
  readonly state: Float32Array | undefined;
}

/** The next model, and what the next step needs. Both of shape `[parameters]`, all finite. */
export interface OuterStepResult {
  readonly model: Float32Array;
  readonly state: Float32Array | undefined;
}

/**
 * Applies a round's mean update to the model; what is given is not changed. Only + and * in float64 and in fixed order,
 * then one rounding to float32, so that every machine replays it bit for bit.
 * Throws {@link ModelError}: `wrong-length` when the vectors' lengths differ or a strategy without state is given one,
 * `non-finite` when the step leaves the range of float32.
 */
export function applyOuterStep(strategy: StrategyPlan, input: OuterStepInput): OuterStepResult {
  requireLength("mean update", input.meanDelta.length, input.model.length);
  const result = step(strategy, input);
  requireFinite("model", result.model);
  if (result.state !== undefined) requireFinite("state", result.state);
  return result;
}

function step(strategy: StrategyPlan, input: OuterStepInput): OuterStepResult {
  switch (strategy.kind) {
    case "fedavg":
      requireLength("state of fedavg", input.state?.length ?? 0, 0);
      return fedAvg(input);
    case "fedavgm":
      if (input.state !== undefined) requireLength("state", input.state.length, input.model.length);
      return fedAvgM(input, strategy);
  }
}

function requireLength(vector: string, length: number, wanted: number): void {
  if (length !== wanted)
    throw new ModelError("wrong-length", `${vector} has ${length} values, wanted ${wanted}`);
}

function requireFinite(vector: string, values: Float32Array): void {
  const index = firstNonFinite(values);
  if (index >= 0)
    throw new ModelError(
      "non-finite",
      `${vector}[${index}] is ${values[index]}, wanted a finite number`,
    );
}
