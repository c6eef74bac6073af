import {
  rectifyInto,
  sigmoidGradientInto,
  sigmoidInto,
  tanhGradientInto,
  tanhInto,
} from "./elementwise.ts";
import type { ActivationOperation } from "./operations.ts";
import type { Stage, StageContext } from "./stage.ts";

/** A function of each value that no product computes along with its result. */
export class ActivationStage implements Stage {
  readonly out: number;
  readonly isTrained = false;
  readonly #context: StageContext;
  readonly #operation: ActivationOperation;
  readonly #x: number;

  /** `x`: address of the input, shape `[rows, inputs]`. */
  constructor(operation: ActivationOperation, x: number, context: StageContext) {
    this.#context = context;
    this.#operation = operation;
    this.#x = x;
    this.out = context.arena.reserve(context.capacity * operation.inputs);
  }

  forward(rows: number): void {
    const { arena } = this.#context;
    const { kind, inputs } = this.#operation;
    const [out, x] = [arena.floats(this.out, rows * inputs), arena.floats(this.#x, rows * inputs)];
    FORWARD[kind](out, x);
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    if (xGradient === 0) return;
    const { arena, kernels } = this.#context;
    const { kind, inputs } = this.#operation;
    const count = rows * inputs;
    if (kind === "relu") {
      kernels.reluGradient(outGradient, this.out, xGradient, count);
      return;
    }
    const [x, out] = [arena.floats(xGradient, count), arena.floats(this.out, count)];
    BACKWARD[kind](x, arena.floats(outGradient, count), out);
  }
}

const FORWARD = { relu: rectifyInto, tanh: tanhInto, sigmoid: sigmoidInto } as const;

const BACKWARD = { tanh: tanhGradientInto, sigmoid: sigmoidGradientInto } as const;
