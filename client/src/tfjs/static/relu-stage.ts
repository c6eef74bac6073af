import { rectifyInto } from "./elementwise.ts";
import type { ReluOperation } from "./lowered-model.ts";
import type { Stage, StageContext } from "./stage.ts";

/** A positive part that no product computes along with its result. */
export class ReluStage implements Stage {
  readonly out: number;
  readonly isTrained = false;
  readonly #context: StageContext;
  readonly #width: number;
  readonly #x: number;

  /** `x`: address of the input, shape `[rows, inputs]`. */
  constructor({ inputs }: ReluOperation, x: number, context: StageContext) {
    this.#context = context;
    this.#width = inputs;
    this.#x = x;
    this.out = context.arena.reserve(context.capacity * inputs);
  }

  forward(rows: number): void {
    const { arena } = this.#context;
    const count = rows * this.#width;
    rectifyInto(arena.floats(this.out, count), arena.floats(this.#x, count));
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    if (xGradient === 0) return;
    this.#context.kernels.reluGradient(outGradient, this.out, xGradient, rows * this.#width);
  }
}
