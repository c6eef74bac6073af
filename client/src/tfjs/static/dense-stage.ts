import type { DenseOperation } from "./operations.ts";
import type { Stage, StageContext } from "./stage.ts";

/** A layer of units that each look at all inputs. */
export class DenseStage implements Stage {
  readonly out: number;
  readonly isTrained = true;
  readonly #context: StageContext;
  readonly #operation: DenseOperation;
  /** Addresses. Those of the bias are 0 without one. */
  readonly #x: number;
  readonly #kernel: number;
  readonly #kernelGradient: number;
  readonly #bias: number;
  readonly #biasGradient: number;

  /** `x`: address of the input, shape `[rows, inputs]`. */
  constructor(operation: DenseOperation, x: number, context: StageContext) {
    const { weights, gradient, arena, capacity } = context;
    const { kernel, bias, outputs } = operation;
    this.#context = context;
    this.#operation = operation;
    this.#x = x;
    this.#kernel = weights + 4 * kernel;
    this.#kernelGradient = gradient + 4 * kernel;
    this.#bias = bias === undefined ? 0 : weights + 4 * bias;
    this.#biasGradient = bias === undefined ? 0 : gradient + 4 * bias;
    this.out = arena.reserve(capacity * outputs);
  }

  forward(rows: number): void {
    const { kernels, workspace } = this.#context;
    const { inputs, outputs, isRelu } = this.#operation;
    const [x, out] = [this.#x, this.out];
    const factors = [x, inputs, 1, this.#kernel, outputs, 1] as const;
    const tail = [out, outputs, false, this.#bias, isRelu, workspace] as const;
    kernels.gemm(rows, outputs, inputs, ...factors, ...tail);
  }

  backward(rows: number, outGradient: number, xGradient: number): void {
    const { kernels, workspace } = this.#context;
    const { inputs, outputs, isRelu } = this.#operation;
    if (isRelu) kernels.reluGradient(outGradient, this.out, outGradient, rows * outputs);
    if (this.#bias !== 0) kernels.columnSums(outGradient, this.#biasGradient, rows, outputs);
    const plain = [false, 0, false, workspace] as const;
    const xByOut = [this.#x, 1, inputs, outGradient, outputs, 1] as const;
    kernels.gemm(inputs, outputs, rows, ...xByOut, this.#kernelGradient, outputs, ...plain);
    if (xGradient === 0) return;
    const outByKernel = [outGradient, outputs, 1, this.#kernel, 1, outputs] as const;
    kernels.gemm(rows, inputs, outputs, ...outByKernel, xGradient, inputs, ...plain);
  }
}
