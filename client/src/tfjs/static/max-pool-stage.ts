import type { MaxPoolOperation } from "./lowered-model.ts";
import type { Stage, StageContext } from "./stage.ts";
import { WindowPlace } from "./window-place.ts";

/** The maximum over windows. */
export class MaxPoolStage implements Stage {
  readonly out: number;
  readonly isTrained = false;
  readonly #context: StageContext;
  readonly #window: WindowPlace;
  readonly #x: number;

  /** `x`: address of the images, shape `[rows, height, width, channels]`. */
  constructor({ window, outputs }: MaxPoolOperation, x: number, context: StageContext) {
    const { arena, capacity } = context;
    this.#context = context;
    this.#window = new WindowPlace(window, arena);
    this.#x = x;
    this.out = arena.reserve(capacity * outputs);
  }

  forward(rows: number): void {
    this.#context.kernels.maxPool(this.#window.of(rows), this.#x, this.out);
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    if (xGradient === 0) return;
    const operands = [this.#x, this.out, outGradient, xGradient] as const;
    this.#context.kernels.maxPoolGradient(this.#window.of(rows), ...operands);
  }
}
