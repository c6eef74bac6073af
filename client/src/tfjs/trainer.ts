import { classCount, exampleShape, firstNonFinite, type Plan } from "@chorus/aggregation";
import { Batches } from "../data/batches.ts";
import { type Dataset, sliceExamples } from "../data/dataset.ts";
import { type SplitDataset, splitHoldOut } from "../data/hold-out.ts";
import { ClientError } from "../error.ts";
import type { Evaluation, LocalUpdate, Trainer } from "../trainer.ts";
import { openBackend } from "./backend.ts";
import { checkBackend } from "./self-test.ts";
import { openStepper, type StepperLog } from "./static/open-stepper.ts";
import type { Stepper } from "./stepper.ts";
import { Turns } from "./turns.ts";

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
  /** Is told once which way of training was chosen, where it is not the fastest. */
  readonly log?: StepperLog;
}

/**
 * Makes a trainer on TensorFlow.js' WASM backend, by {@link openStepper}. Throws {@link ClientError} `bad-data` for examples that are not the
 * plan's and for too few of them, `backend-failed` as {@link checkBackend} does, `wrong-model` and `unsupported-layer` as
 * {@link openStepper} does; the signal's reason when aborted.
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
  const training = {
    ...plan.training,
    localSteps: options.localSteps ?? plan.training.localSteps,
  };
  const { batchSize } = training;
  const batch = new Batches(split.training, batchSize, "chorus/static-plan/v1").next();
  const stepper = await openStepper(plan, batch, options.log);
  return new TfjsTrainer(training, split, stepper);
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

class TfjsTrainer implements Trainer {
  readonly backend = "wasm";
  readonly #training: Plan["training"];
  readonly #data: SplitDataset;
  readonly #stepper: Stepper;

  constructor(training: Plan["training"], data: SplitDataset, stepper: Stepper) {
    this.#training = training;
    this.#data = data;
    this.#stepper = stepper;
  }

  async train(model: Float32Array, batchSeed: string, signal: AbortSignal): Promise<LocalUpdate> {
    const { batchSize, localSteps } = this.#training;
    this.#stepper.write(model);
    using round = this.#stepper.openRound();
    const batches = new Batches(this.#data.training, batchSize, `${batchSeed}/batches`);
    const turns = new Turns();
    let lossSum = 0;
    signal.throwIfAborted();
    for (let step = 1; step <= localSteps; step++) {
      lossSum += round.step(batches.next(), `${batchSeed}/dropout/${step}`);
      if (!Number.isFinite(lossSum)) throw diverged(step);
      if (turns.isDue) await turns.take(signal);
    }
    await turns.take(signal);
    const delta = difference(this.#stepper.read(), model);
    if (firstNonFinite(delta) >= 0) throw diverged(localSteps);
    return { delta, examples: this.#data.training.examples, meanLoss: lossSum / localSteps };
  }

  async evaluate(model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    const { holdOut } = this.#data;
    const { evaluationBatch } = this.#stepper;
    this.#stepper.write(model);
    const turns = new Turns();
    let lossSum = 0;
    let correct = 0;
    signal.throwIfAborted();
    for (let start = 0; start < holdOut.examples; start += evaluationBatch) {
      const batch = sliceExamples(holdOut, start, start + evaluationBatch);
      const result = this.#stepper.evaluate(batch);
      lossSum += result.loss * batch.examples;
      correct += result.correct;
      if (turns.isDue) await turns.take(signal);
    }
    await turns.take(signal);
    if (!Number.isFinite(lossSum)) {
      throw new ClientError("diverged", `the model's loss is ${lossSum}, wanted a finite one`);
    }
    return { examples: holdOut.examples, correct, meanLoss: lossSum / (holdOut.examples || 1) };
  }

  [Symbol.dispose](): void {
    this.#stepper[Symbol.dispose]();
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
