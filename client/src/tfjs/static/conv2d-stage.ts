import type { Conv2dOperation } from "./lowered-model.ts";
import type { Stage, StageContext } from "./stage.ts";
import { WindowPlace } from "./window-place.ts";

/** A convolution in two dimensions. */
export class Conv2dStage implements Stage {
  readonly out: number;
  readonly isTrained = true;
  readonly #context: StageContext;
  readonly #operation: Conv2dOperation;
  readonly #window: WindowPlace;
  /** Addresses. Those of the bias are 0 without one. */
  readonly #x: number;
  readonly #kernel: number;
  readonly #kernelGradient: number;
  readonly #bias: number;
  readonly #biasGradient: number;

  /** `x`: address of the images, shape `[rows, height, width, channels]`. */
  constructor(operation: Conv2dOperation, x: number, context: StageContext) {
    const { weights, gradient, arena, capacity } = context;
    const { kernel, bias, outputs, window } = operation;
    this.#context = context;
    this.#operation = operation;
    this.#window = new WindowPlace(window, arena);
    this.#x = x;
    this.#kernel = weights + 4 * kernel;
    this.#kernelGradient = gradient + 4 * kernel;
    this.#bias = bias === undefined ? 0 : weights + 4 * bias;
    this.#biasGradient = bias === undefined ? 0 : gradient + 4 * bias;
    this.out = arena.reserve(capacity * outputs);
  }

  forward(rows: number): void {
    const { kernels, workspace } = this.#context;
    const factors = [this.#x, this.#kernel, this.out, this.#bias] as const;
    kernels.conv2d(this.#window.of(rows), ...factors, this.#operation.isRelu, workspace);
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    const { kernels, workspace } = this.#context;
    const { outputs, isRelu, window } = this.#operation;
    if (isRelu) kernels.reluGradient(outGradient, this.out, outGradient, rows * outputs);
    if (this.#bias !== 0) {
      const pixels = (rows * outputs) / window.outChannels;
      kernels.columnSums(outGradient, this.#biasGradient, pixels, window.outChannels);
    }
    const address = this.#window.of(rows);
    const byFilter = [this.#x, outGradient, this.#kernelGradient, workspace] as const;
    kernels.conv2dFilterGradient(address, ...byFilter);
    if (xGradient === 0) return;
    kernels.conv2dInputGradient(address, outGradient, this.#kernel, xGradient, workspace);
  }
}
