import type { TrainingKernels } from "../kernels/training-kernels.ts";
import type { Arena } from "./arena.ts";
import type { WindowPlaces } from "./window-place.ts";

/** One operation of a model at fixed addresses. Rows are examples, from the first one on. */
export interface Stage {
  /** Address of the result, shape `[rows, outputs]`. */
  readonly out: number;
  /** Whether the operation has weights. */
  readonly isTrained: boolean;
  /** Computes `out`. `dropoutSeed` is undefined in evaluation. */
  forward(rows: number, dropoutSeed: string | undefined): void;
  /**
   * After {@link forward} of a batch: writes the gradient of the weights and, unless `xGradient` is 0, that of the input
   * there. `outGradient`: address of the gradient of `out`, which is overwritten.
   */
  backward(rows: number, outGradient: number, xGradient: number): void;
}

/** What the stages of one model share. */
export interface StageContext {
  readonly kernels: TrainingKernels;
  readonly arena: Arena;
  /** Examples at a time: in training, and in all. */
  readonly batchSize: number;
  readonly capacity: number;
  /** Addresses of all weights and of their gradient, in the order of the layout. */
  readonly weights: number;
  readonly gradient: number;
  readonly windows: WindowPlaces;
  /** Address of a workspace that is large enough for all stages. */
  readonly workspace: number;
}
