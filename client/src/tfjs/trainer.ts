import { setImmediate } from "node:timers/promises";
import { classCount, exampleShape, firstNonFinite, type Plan } from "@chorus/aggregation";
import { type Optimizer, tidy } from "@tensorflow/tfjs-core";
import { Batches } from "../data/batches.ts";
import { type Dataset, sliceExamples } from "../data/dataset.ts";
import { type SplitDataset, splitHoldOut } from "../data/hold-out.ts";
import { ClientError } from "../error.ts";
import type { Evaluation, LocalUpdate, Trainer } from "../trainer.ts";
import { openBackend } from "./backend.ts";
import { buildNetwork, type Network, numberOf } from "./network.ts";
import { openOptimizer } from "./optimizer.ts";
import { checkBackend } from "./self-test.ts";

/** What a trainer is made of. */
export interface TrainerOptions {
  readonly plan: Plan;
  /** The site's examples. The plan's share of them is held out, the same ones every time. */
  readonly dataset: Dataset;
  /** Evaluated in place of a share of `dataset`, all of which is then trained on. */
  readonly holdOut?: Dataset;
  /** Steps of one call of train, in place of the plan's: a baseline trains longer than a round. */
  readonly localSteps?: number;
  /** False leaves out {@link checkBackend}, where it has passed for the plan on this machine. */
  readonly selfTest?: boolean;
}

/**
 * Makes a trainer on TensorFlow.js' WASM backend. Throws {@link ClientError} `bad-data` for examples that are not the
 * plan's and for too few of them, `backend-failed` as {@link checkBackend} does, `wrong-model` and `unsupported-layer` as
 * {@link buildNetwork} does; the signal's reason when aborted.
 */
export async function createTrainer(
  options: TrainerOptions,
  signal: AbortSignal,
): Promise<Trainer> {
  const { plan, dataset, holdOut, selfTest = true } = options;
  for (const examples of [dataset, holdOut ?? dataset]) checkExamples(examples, plan);
  const split =
    holdOut === undefined
      ? splitHoldOut(dataset, plan.holdOut, `chorus/hold-out/v1/${plan.seed}`)
      : { training: dataset, holdOut };
  if (selfTest) await checkBackend(plan, signal);
  await openBackend(signal);
  const localSteps = options.localSteps ?? plan.training.localSteps;
  return new TfjsTrainer({ ...plan.training, localSteps }, split, await buildNetwork(plan));
}

function checkExamples({ featureShape, labels }: Dataset, plan: Plan): void {
  const [got, wanted] = [featureShape, exampleShape(plan)].map((shape) => `[${shape.join(", ")}]`);
  if (got !== wanted) {
    throw new ClientError("bad-data", `the dataset's examples are ${got}, the plan's ${wanted}`);
  }
  const classes = classCount(plan.data);
  const bad = labels.find((label) => label < 0 || label >= classes);
  if (bad === undefined) return;
  throw new ClientError("bad-data", `the dataset has label ${bad}, the plan 0 to ${classes - 1}`);
}

/** Examples that are evaluated at a time: enough to keep the kernels busy, few enough to let others run in between. */
const EVALUATION_BATCH = 1024;

class TfjsTrainer implements Trainer {
  readonly backend = "wasm";
  readonly #training: Plan["training"];
  readonly #data: SplitDataset;
  readonly #network: Network;

  constructor(training: Plan["training"], data: SplitDataset, network: Network) {
    this.#training = training;
    this.#data = data;
    this.#network = network;
  }

  async train(model: Float32Array, batchSeed: string, signal: AbortSignal): Promise<LocalUpdate> {
    const { optimizer: optimizerPlan, batchSize, localSteps } = this.#training;
    this.#network.write(model);
    using round = openOptimizer(optimizerPlan);
    const batches = new Batches(this.#data.training, batchSize, `${batchSeed}/batches`);
    let lossSum = 0;
    for (let step = 1; step <= localSteps; step++) {
      signal.throwIfAborted();
      lossSum += this.#step(batches.next(), `${batchSeed}/dropout/${step}`, round.optimizer);
      if (!Number.isFinite(lossSum)) throw diverged(step);
      // Lets the connection's keep-alive run, and an abort arrive.
      await setImmediate();
    }
    signal.throwIfAborted();
    const delta = difference(this.#network.read(), model);
    if (firstNonFinite(delta) >= 0) throw diverged(localSteps);
    return { delta, examples: this.#data.training.examples, meanLoss: lossSum / localSteps };
  }

  async evaluate(model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    const { holdOut } = this.#data;
    this.#network.write(model);
    let lossSum = 0;
    let correct = 0;
    for (let start = 0; start < holdOut.examples; start += EVALUATION_BATCH) {
      signal.throwIfAborted();
      const batch = sliceExamples(holdOut, start, start + EVALUATION_BATCH);
      const result = this.#network.evaluate(batch);
      lossSum += result.loss * batch.examples;
      correct += result.correct;
      await setImmediate();
    }
    signal.throwIfAborted();
    if (!Number.isFinite(lossSum)) {
      throw new ClientError("diverged", `the model's loss is ${lossSum}, wanted a finite one`);
    }
    return { examples: holdOut.examples, correct, meanLoss: lossSum / (holdOut.examples || 1) };
  }

  [Symbol.dispose](): void {
    this.#network[Symbol.dispose]();
  }

  /** One step of the optimiser; returns the batch's loss before it. */
  #step(batch: Dataset, dropoutSeed: string, optimizer: Optimizer): number {
    return tidy(() => {
      const lossOf = () => this.#network.loss(batch, dropoutSeed);
      const loss = optimizer.minimize(lossOf, true, [...this.#network.variables]);
      return loss === null ? Number.NaN : numberOf(loss);
    });
  }
}

/** after - before, value by value. Shape `[parameters]` each. */
function difference(after: Float32Array, before: Float32Array): Float32Array {
  return after.map((value, index) => value - (before[index] ?? Number.NaN));
}

function diverged(step: number): ClientError {
  return new ClientError(
    "diverged",
    `the model has a loss or a weight that is not finite after step ${step}, wanted finite ones: ` +
      "the learning rate may be too large, or a feature far outside its scale",
  );
}
