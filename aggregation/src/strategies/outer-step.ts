import { ModelError } from "../model/model-error.ts";
import type { StrategyPlan } from "../plan/plan.ts";
import { firstNonFinite } from "../vector.ts";
import { adaptive } from "./adaptive.ts";
import { diLoCo } from "./diloco.ts";
import { fedAvg } from "./fedavg.ts";
import { fedAvgM } from "./fedavgm.ts";

/** What a round made of a run's model, and what it starts from. */
export interface OuterStepInput {
  /** The parent model, shape `[parameters]`. */
  readonly model: Float32Array;
  /** Weighted mean of the survivors' updates, shape `[parameters]`. */
  readonly meanDelta: Float64Array;
  /** What the strategy handed out after the round before, shape `[stateLength]`; undefined at first, and without state. */
  readonly state: Float32Array | undefined;
}

/** The next model, shape `[parameters]`, and what the next step needs, shape `[stateLength]`. All finite. */
export interface OuterStepResult {
  readonly model: Float32Array;
  readonly state: Float32Array | undefined;
}

/**
 * Applies a round's mean update to the model; what is given is not changed. Only operations that IEEE 754 rounds exactly (+, *, /
 * and square root in float64), in fixed order, then one rounding to float32, so that every machine replays it bit for bit.
 * Throws {@link ModelError}: `wrong-length` when a vector has another length than it should,
 * `non-finite` when the step leaves the range of float32.
 */
export function applyOuterStep(strategy: StrategyPlan, input: OuterStepInput): OuterStepResult {
  requireLength("mean update", input.meanDelta.length, input.model.length);
  const { state, model } = input;
  if (state !== undefined) {
    const wanted = stateLength(strategy, model.length);
    requireLength(`state of ${strategy.kind}`, state.length, wanted);
  }
  const result = step(strategy, input);
  requireFinite("model", result.model);
  if (result.state !== undefined) requireFinite("state", result.state);
  return result;
}

/** Numbers that a strategy keeps from round to round for a model of so many parameters; 0 for one without a state. */
export function stateLength({ kind }: StrategyPlan, parameters: number): number {
  switch (kind) {
    case "fedavg":
      return 0;
    case "fedavgm":
    case "diloco":
      return parameters;
    case "fedadam":
    case "fedyogi":
      return 2 * parameters;
  }
}

function step(strategy: StrategyPlan, input: OuterStepInput): OuterStepResult {
  switch (strategy.kind) {
    case "fedavg":
      return fedAvg(input);
    case "fedavgm":
      return fedAvgM(input, strategy);
    case "diloco":
      return diLoCo(input, strategy);
    case "fedadam":
    case "fedyogi":
      return adaptive(input, strategy);
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
