import type { ConvolutionOperation } from "./operations.ts";
import type { Stage, StageContext } from "./stage.ts";
import type { WindowPlace } from "./window-place.ts";

/** A convolution in two dimensions, of all channels together or of each for itself. */
export class ConvolutionStage implements Stage {
  readonly out: number;
  readonly isTrained = true;
  readonly #context: StageContext;
  readonly #operation: ConvolutionOperation;
  readonly #window: WindowPlace;
  /** Addresses. Those of the bias are 0 without one. */
  readonly #x: number;
  readonly #filter: number;
  readonly #filterGradient: number;
  readonly #bias: number;
  readonly #biasGradient: number;

  /** `x`: address of the images, shape `[rows, height, width, channels]`. */
  constructor(operation: ConvolutionOperation, x: number, context: StageContext) {
    const { weights, gradient, arena, windows, capacity } = context;
    const { kernel, bias, outputs, window } = operation;
    this.#context = context;
    this.#operation = operation;
    this.#window = windows.of(window);
    this.#x = x;
    this.#filter = weights + 4 * kernel;
    this.#filterGradient = gradient + 4 * kernel;
    this.#bias = bias === undefined ? 0 : weights + 4 * bias;
    this.#biasGradient = bias === undefined ? 0 : gradient + 4 * bias;
    this.out = arena.reserve(capacity * outputs);
  }

  forward(rows: number): void {
    const { kernels, workspace } = this.#context;
    const { kind, isRelu } = this.#operation;
    const operands = [this.#window.of(rows), this.#x, this.#filter, this.out] as const;
    if (kind === "conv2d") {
      kernels.conv2d(...operands, this.#bias, isRelu, workspace);
      return;
    }
    kernels.depthwise(...operands);
    kernels.finishRows(this.out, this.#bias, this.#pixels(rows), this.#channels, isRelu);
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    const { kernels } = this.#context;
    const { outputs, isRelu } = this.#operation;
    if (isRelu) kernels.reluGradient(outGradient, this.out, outGradient, rows * outputs);
    if (this.#bias !== 0) {
      const pixels = this.#pixels(rows);
      kernels.columnSums(outGradient, this.#biasGradient, pixels, this.#channels);
    }
    const window = this.#window.of(rows);
    this.#differentiateFilter(window, outGradient);
    if (xGradient !== 0) this.#differentiateInput(window, outGradient, xGradient);
  }

  #differentiateFilter(window: number, outGradient: number): void {
    const { kernels, workspace } = this.#context;
    const operands = [window, this.#x, outGradient, this.#filterGradient] as const;
    if (this.#operation.kind === "conv2d") kernels.conv2dFilterGradient(...operands, workspace);
    else kernels.depthwiseFilterGradient(...operands);
  }

  #differentiateInput(window: number, outGradient: number, xGradient: number): void {
    const { kernels, workspace } = this.#context;
    const operands = [window, outGradient, this.#filter, xGradient] as const;
    if (this.#operation.kind === "conv2d") kernels.conv2dInputGradient(...operands, workspace);
    else kernels.depthwiseInputGradient(...operands);
  }

  #pixels(rows: number): number {
    return (rows * this.#operation.outputs) / this.#channels;
  }

  get #channels(): number {
    return this.#operation.window.outChannels;
  }
}
