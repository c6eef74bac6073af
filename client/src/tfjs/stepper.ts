import type { Optimizer as OptimizerPlan } from "@chorus/aggregation";
import { type Optimizer, tidy } from "@tensorflow/tfjs-core";
import type { Dataset } from "../data/dataset.ts";
import { type Network, numberOf } from "./network.ts";
import { openOptimizer } from "./optimizer.ts";

/** One model with its optimiser, as a trainer drives it. Owns its memory: dispose it. */
export interface Stepper extends Disposable {
  /** Examples that {@link evaluate} takes at a time, at most. */
  readonly evaluationBatch: number;
  /** Sets all weights. `model`: shape `[parameters]`, else {@link ClientError} `wrong-model`. */
  write(model: Float32Array): void;
  /** A copy of all weights, shape `[parameters]`. */
  read(): Float32Array;
  /** Begins steps with an optimiser that has no past. One round at a time. */
  openRound(): RoundSteps;
  /** Mean loss of a batch with nothing left out, and how many of its examples are classified as labelled. */
  evaluate(batch: Dataset): BatchResult;
}

export interface BatchResult {
  readonly loss: number;
  readonly correct: number;
}

/** The steps of one round. */
export interface RoundSteps extends Disposable {
  /**
   * One step of the optimiser; returns the batch's mean loss before it. `dropoutSeed` decides what the dropout layers
   * leave out: the same seed, the same values.
   */
  step(batch: Dataset, dropoutSeed: string): number;
}

/** Enough to keep the kernels busy, few enough to let others run in between. */
const EVALUATION_BATCH = 1024;

/** Steps through the operations of TensorFlow.js: for every model that it can differentiate. */
export class OperationStepper implements Stepper {
  readonly evaluationBatch: number = EVALUATION_BATCH;
  readonly #network: Network;
  readonly #optimizer: OptimizerPlan;

  /** Takes the network over. */
  constructor(network: Network, optimizer: OptimizerPlan) {
    this.#network = network;
    this.#optimizer = optimizer;
  }

  write(model: Float32Array): void {
    this.#network.write(model);
  }

  read(): Float32Array {
    return this.#network.read();
  }

  openRound(): RoundSteps {
    const round = openOptimizer(this.#optimizer);
    return {
      step: (batch, dropoutSeed) => this.#step(batch, dropoutSeed, round.optimizer),
      [Symbol.dispose]: () => round[Symbol.dispose](),
    };
  }

  evaluate(batch: Dataset): BatchResult {
    return this.#network.evaluate(batch);
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }

  #step(batch: Dataset, dropoutSeed: string, optimizer: Optimizer): number {
    return tidy(() => {
      const lossOf = () => this.#network.loss(batch, dropoutSeed);
      const loss = optimizer.minimize(lossOf, true, [...this.#network.variables]);
      return loss === null ? Number.NaN : numberOf(loss);
    });
  }
}
