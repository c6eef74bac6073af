import type { Plan } from "@chorus/aggregation";
import type { Dataset } from "../../data/dataset.ts";
import { ClientError } from "../../error.ts";
import { evaluationBatchOf } from "../evaluation-batch.ts";
import type { Heap } from "../kernels/heap.ts";
import type { TrainingKernels } from "../kernels/training-kernels.ts";
import type { BatchResult, RoundSteps, Stepper } from "../stepper.ts";
import { Arena } from "./arena.ts";
import type { LoweredModel } from "./lowered-model.ts";
import type { Stage } from "./stage.ts";
import { layStages } from "./stages.ts";
import { type StaticHead, staticHeadOf } from "./static-head.ts";
import { type UpdateRule, updateRuleOf } from "./update-rule.ts";

/**
 * A model's training step, forward, backward and optimiser, at addresses that are fixed once: no operation of
 * TensorFlow.js, no tensor and no allocation a step. Lives on the heap of the WASM backend.
 */
export class StaticProgram implements Stepper {
  readonly evaluationBatch: number;
  readonly #model: LoweredModel;
  readonly #batchSize: number;
  readonly #arena: Arena;
  readonly #stages: readonly Stage[];
  readonly #head: StaticHead;
  readonly #rule: UpdateRule;
  readonly #places: Places;
  /** Examples of the batch that is loaded. */
  #rows = 0;

  /** For batches of `training.batchSize` examples and fewer. Throws as {@link Heap.allocate}, and keeps nothing then. */
  constructor(
    model: LoweredModel,
    training: Plan["training"],
    heap: Heap,
    kernels: TrainingKernels,
  ) {
    using stack = new DisposableStack();
    const arena = stack.use(new Arena(heap));
    const { batchSize } = training;
    const capacity = evaluationBatchOf(exampleValues(model), batchSize);
    const places = reservePlaces(model, batchSize, capacity, arena);
    const { weights, gradient } = places;
    const count = model.layout.parameters;
    const sizes = { batchSize, capacity, weights, gradient };
    this.#stages = layStages(model, places.inputs, { ...sizes, arena, kernels });
    this.#head = staticHeadOf(training.loss, model.outputs, kernels, arena);
    this.#rule = updateRuleOf(training, { weights, gradient, count }, kernels, arena);
    this.#rule.reset();
    this.#model = model;
    this.#batchSize = batchSize;
    this.evaluationBatch = capacity;
    this.#places = places;
    this.#arena = arena;
    stack.move();
  }

  write(model: Float32Array): void {
    const { parameters } = this.#model.layout;
    if (model.length !== parameters) {
      throw new ClientError(
        "wrong-model",
        `the model has ${model.length} parameters, wanted ${parameters}`,
      );
    }
    this.#arena.floats(this.#places.weights, parameters).set(model);
  }

  async read(): Promise<Float32Array> {
    return this.#arena.floats(this.#places.weights, this.#model.layout.parameters).slice();
  }

  /** A copy of the gradient that {@link backward} left, shape `[parameters]`. */
  readGradient(): Float32Array {
    return this.#arena.floats(this.#places.gradient, this.#model.layout.parameters).slice();
  }

  openRound(): RoundSteps {
    this.#rule.reset();
    let lossSum = 0;
    return {
      step: (batch, seed) => {
        lossSum += this.#step(batch, seed);
      },
      lossSum: async () => lossSum,
      [Symbol.dispose]: () => undefined,
    };
  }

  async evaluate(batch: Dataset): Promise<BatchResult> {
    this.load(batch);
    this.forward(undefined);
    const { logits, labels } = this.#outputs();
    const correct = this.#head.correct(this.#rows, logits, labels);
    // The gradient is not wanted, and nobody looks at the logits again.
    return { correct, loss: this.#head.loss(this.#rows, logits, labels, logits) };
  }

  /** Part 1 of a step: copies a batch to where the others look for it. */
  load({ examples, features, labels }: Dataset): void {
    if (examples > this.evaluationBatch) {
      throw new RangeError(`${examples} examples, wanted ${this.evaluationBatch} at most`);
    }
    this.#rows = examples;
    this.#arena.floats(this.#places.inputs, examples * this.#model.inputs).set(features);
    this.#arena.integers(this.#places.labels, examples).set(labels);
  }

  /** Part 2: computes the logits. */
  forward(dropoutSeed: string | undefined): void {
    this.#arena.requireOpen();
    // What dropout leaves out is kept for a batch of training.
    if (dropoutSeed !== undefined) this.#requireTrainable(this.#rows);
    for (const stage of this.#stages) stage.forward(this.#rows, dropoutSeed);
  }

  /** Part 3: computes the gradient and returns the mean loss. */
  backward(): number {
    this.#arena.requireOpen();
    this.#requireTrainable(this.#rows);
    const { logits, labels } = this.#outputs();
    let [outGradient, xGradient] = this.#places.valueGradients;
    const loss = this.#head.loss(this.#rows, logits, labels, outGradient);
    // What lies before the first weights needs no gradient.
    const first = this.#stages.findIndex(({ isTrained }) => isTrained);
    for (let index = this.#stages.length - 1; index >= first; index--) {
      const wanted = index === first ? 0 : xGradient;
      this.#stages[index]?.backward(this.#rows, outGradient, wanted);
      [outGradient, xGradient] = [xGradient, outGradient];
    }
    return loss;
  }

  /** Part 4: moves the weights along the gradient. */
  update(): void {
    this.#arena.requireOpen();
    this.#rule.step();
  }

  [Symbol.dispose](): void {
    this.#arena[Symbol.dispose]();
  }

  #step(batch: Dataset, dropoutSeed: string): number {
    this.#requireTrainable(batch.examples);
    this.load(batch);
    this.forward(dropoutSeed);
    const loss = this.backward();
    this.update();
    return loss;
  }

  /** There is room for the gradients of so many examples only: more would overwrite what others keep on the heap. */
  #requireTrainable(examples: number): void {
    if (examples <= this.#batchSize) return;
    throw new RangeError(`a batch of ${examples} examples, wanted ${this.#batchSize} at most`);
  }

  #outputs(): { readonly logits: number; readonly labels: number } {
    const { inputs, labels } = this.#places;
    return { logits: this.#stages.at(-1)?.out ?? inputs, labels };
  }
}

/** Addresses of what is neither a stage's nor the optimiser's. */
interface Places {
  readonly inputs: number;
  readonly labels: number;
  readonly weights: number;
  readonly gradient: number;
  /** The gradients of two stages' values: one is computed from the other. */
  readonly valueGradients: readonly [number, number];
}

function reservePlaces(
  model: LoweredModel,
  batchSize: number,
  capacity: number,
  arena: Arena,
): Places {
  const { inputs, operations, layout } = model;
  const widest = operations.reduce((width, { outputs }) => Math.max(width, outputs), inputs);
  return {
    inputs: arena.reserve(capacity * inputs),
    labels: arena.reserve(capacity),
    weights: arena.reserve(layout.parameters),
    gradient: arena.reserve(layout.parameters),
    valueGradients: [arena.reserve(batchSize * widest), arena.reserve(batchSize * widest)],
  };
}

/** Values of one example, its own and those of all operations. */
function exampleValues({ inputs, operations }: LoweredModel): number {
  return operations.reduce((sum, { outputs }) => sum + outputs, inputs);
}
