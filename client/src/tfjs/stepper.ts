import type { Plan } from "@chorus/aggregation";
import { add, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Dataset } from "../data/dataset.ts";
import { evaluationBatchOf } from "./evaluation-batch.ts";
import { exampleValues } from "./layer-values.ts";
import type { Network } from "./network.ts";
import { openOptimizer, type RoundOptimizer, type UpdatePlan } from "./optimizer.ts";

/**
 * One model with its optimiser, as a trainer drives it: one call at a time. What is read is awaited, as a GPU cannot be read
 * while the process waits. Owns its memory: dispose it.
 */
export interface Stepper extends Disposable {
  /** Examples that {@link evaluate} takes at a time, at most. */
  readonly evaluationBatch: number;
  /** Sets all weights. `model`: shape `[parameters]`, else {@link ClientError} `wrong-model`. */
  write(model: Float32Array): void;
  /** A copy of all weights, shape `[parameters]`. */
  read(): Promise<Float32Array>;
  /** Begins steps with an optimiser that has no past. One round at a time. */
  openRound(): RoundSteps;
  /** Mean loss of a batch with nothing left out, and how many of its examples are classified as labelled. */
  evaluate(batch: Dataset): Promise<BatchResult>;
}

export interface BatchResult {
  readonly loss: number;
  readonly correct: number;
}

/** The steps of one round. */
export interface RoundSteps extends Disposable {
  /** One step of the optimiser. `dropoutSeed` decides what the dropout layers leave out: the same seed, the same values. */
  step(batch: Dataset, dropoutSeed: string): void;
  /** Sum over the steps so far of the batch's mean loss before the step. Not finite once one of them was not. */
  lossSum(): Promise<number>;
}

/** Steps through the operations of TensorFlow.js: for every model that it can differentiate. */
export class OperationStepper implements Stepper {
  readonly evaluationBatch: number;
  readonly #network: Network;
  readonly #updates: UpdatePlan;

  /** Takes the network over, which is of the plan's model. */
  constructor(network: Network, { model, training }: Pick<Plan, "model" | "training">) {
    this.#network = network;
    this.#updates = training;
    this.evaluationBatch = evaluationBatchOf(exampleValues(model), training.batchSize);
  }

  write(model: Float32Array): void {
    this.#network.write(model);
  }

  read(): Promise<Float32Array> {
    return this.#network.read();
  }

  openRound(): RoundSteps {
    return new OperationSteps(this.#network, this.#updates);
  }

  evaluate(batch: Dataset): Promise<BatchResult> {
    return this.#network.evaluate(batch);
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }
}

class OperationSteps implements RoundSteps {
  readonly #network: Network;
  readonly #round: RoundOptimizer;
  /** Stays on the device, and does not depend on when it is read. Float32: 10,000 steps lose a hundred-thousandth. */
  #lossSum: Tensor | undefined;

  constructor(network: Network, updates: UpdatePlan) {
    this.#network = network;
    this.#round = openOptimizer(updates, network.variables);
  }

  step(batch: Dataset, dropoutSeed: string): void {
    const before = this.#lossSum;
    this.#lossSum = tidy(() => {
      const loss = this.#round.minimize(() => this.#network.loss(batch, dropoutSeed));
      return before === undefined ? loss : add(before, loss);
    });
    before?.dispose();
  }

  async lossSum(): Promise<number> {
    const [sum = 0] = (await this.#lossSum?.data()) ?? [];
    return sum;
  }

  [Symbol.dispose](): void {
    this.#lossSum?.dispose();
    this.#round[Symbol.dispose]();
  }
}
