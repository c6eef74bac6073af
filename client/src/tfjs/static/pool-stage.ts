import type { PoolOperation } from "./operations.ts";
import type { Stage, StageContext } from "./stage.ts";
import type { WindowPlace } from "./window-place.ts";

/** The maximum or the mean over windows. */
export class PoolStage implements Stage {
  readonly out: number;
  readonly isTrained = false;
  readonly #context: StageContext;
  readonly #kind: PoolOperation["kind"];
  readonly #window: WindowPlace;
  readonly #x: number;

  /** `x`: address of the images, shape `[rows, height, width, channels]`. */
  constructor({ kind, window, outputs }: PoolOperation, x: number, context: StageContext) {
    const { arena, windows, capacity } = context;
    this.#context = context;
    this.#kind = kind;
    this.#window = windows.of(window);
    this.#x = x;
    this.out = arena.reserve(capacity * outputs);
  }

  forward(rows: number): void {
    this.#context.kernels[this.#kind](this.#window.of(rows), this.#x, this.out);
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    if (xGradient === 0) return;
    const { kernels } = this.#context;
    const window = this.#window.of(rows);
    switch (this.#kind) {
      case "maxPool":
        kernels.maxPoolGradient(window, this.#x, this.out, outGradient, xGradient);
        break;
      case "averagePool":
        kernels.averagePoolGradient(window, outGradient, xGradient);
        break;
    }
  }
}
