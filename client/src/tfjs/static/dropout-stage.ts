import { fillDropoutMask, multiplyInto } from "./elementwise.ts";
import type { DropoutOperation } from "./operations.ts";
import type { Stage, StageContext } from "./stage.ts";

/** Leaves out, in training, what {@link Network} leaves out for the same seed. */
export class DropoutStage implements Stage {
  readonly out: number;
  readonly isTrained = false;
  readonly #context: StageContext;
  readonly #operation: DropoutOperation;
  readonly #x: number;
  readonly #mask: number;

  /** `x`: address of the input, shape `[rows, inputs]`. */
  constructor(operation: DropoutOperation, x: number, context: StageContext) {
    const { arena, batchSize, capacity } = context;
    this.#context = context;
    this.#operation = operation;
    this.#x = x;
    this.#mask = arena.reserve(batchSize * operation.inputs);
    this.out = arena.reserve(capacity * operation.inputs);
  }

  forward(rows: number, dropoutSeed: string | undefined): void {
    const { arena } = this.#context;
    const { inputs, rate, layer } = this.#operation;
    const count = rows * inputs;
    const [out, x] = [arena.floats(this.out, count), arena.floats(this.#x, count)];
    if (dropoutSeed === undefined) {
      out.set(x);
      return;
    }
    const mask = arena.floats(this.#mask, count);
    fillDropoutMask(mask, rate, `${dropoutSeed}/${layer}`);
    multiplyInto(out, x, mask);
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    if (xGradient === 0) return;
    const { arena } = this.#context;
    const count = rows * this.#operation.inputs;
    const gradient = arena.floats(outGradient, count);
    multiplyInto(arena.floats(xGradient, count), gradient, arena.floats(this.#mask, count));
  }
}
