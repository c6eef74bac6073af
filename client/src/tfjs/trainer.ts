import { firstNonFinite, type Plan } from "@chorus/aggregation";
import { Batches } from "../data/batches.ts";
import type { Dataset } from "../data/dataset.ts";
import { batchesInOrder, type Examples, examplesOf } from "../data/examples.ts";
import { type SplitDataset, splitHoldOut } from "../data/hold-out.ts";
import { ClientError } from "../error.ts";
import type { Evaluation, LocalUpdate, Trainer } from "../trainer.ts";
import { checkBackend } from "./backend-check.ts";
import type { BackendName, OpenBackend } from "./backends/backend.ts";
import { openRung } from "./backends/open-rung.ts";
import { checkExamples } from "./check-examples.ts";
import type { StepperLog } from "./static/open-stepper.ts";
import type { RoundSteps, Stepper } from "./stepper.ts";
import { openStepperOn } from "./stepper-on.ts";
import { requireMemory } from "./training-memory.ts";
import { TrainingProgress } from "./training-progress.ts";
import { Turns } from "./turns.ts";

/** What a trainer is made of. */
export interface TrainerOptions {
  readonly plan: Plan;
  /** The site's examples, let go with the trainer. The plan's share of them is held out, the same ones every time. */
  readonly dataset: Dataset | Examples;
  /** Evaluated in place of a share of `dataset`, all of which is then trained on. */
  readonly holdOut?: Dataset | Examples;
  /** Steps of one call of train, in place of the plan's: a baseline trains longer than a round. */
  readonly localSteps?: number;
  /** What computes, for the whole process; by default "wasm". */
  readonly backend?: BackendName;
  /** False leaves out {@link checkBackend}, where it has passed for the plan on this machine. */
  readonly selfTest?: boolean;
  /** Is told once which way of training was chosen, where it is not the fastest, and how far long training has come. */
  readonly log?: StepperLog;
}

/**
 * Makes a trainer on TensorFlow.js, by {@link openStepperOn}. Throws {@link ClientError} `bad-data` for examples that are not the
 * plan's and for too few of them, `too-large` as {@link requireMemory} does, `backend-failed` as {@link checkBackend} does, `wrong-model` and `unsupported-layer` as
 * {@link openStepperOn} does; the signal's reason when aborted.
 */
export async function createTrainer(
  options: TrainerOptions,
  signal: AbortSignal,
): Promise<Trainer> {
  const { plan, selfTest = true, backend = "wasm" } = options;
  using opened = new DisposableStack();
  const dataset = opened.use(examplesOf(options.dataset));
  const holdOut = options.holdOut && opened.use(examplesOf(options.holdOut));
  requireMemory(backend, plan);
  for (const examples of holdOut === undefined ? [dataset] : [dataset, holdOut]) {
    await checkExamples(examples, plan, signal);
  }
  const split =
    holdOut === undefined
      ? splitHoldOut(dataset, plan.holdOut, `chorus/hold-out/v1/${plan.seed}`)
      : { training: dataset, holdOut };
  if (selfTest) await testBackend(options, backend, signal);
  const device = await openRung(backend, signal);
  const training = {
    ...plan.training,
    localSteps: options.localSteps ?? plan.training.localSteps,
  };
  const { batchSize } = training;
  const batch = new Batches(split.training, batchSize, "chorus/static-plan/v1").next();
  const { log } = options;
  const open = () => openStepperOn(backend, plan, batch, log);
  const stepper = opened.use(await device.use(open, signal));
  return new TfjsTrainer(training, split, { device, stepper, log, opened: opened.move() });
}

async function testBackend(
  { plan, log }: TrainerOptions,
  backend: BackendName,
  signal: AbortSignal,
): Promise<void> {
  const check = await checkBackend(backend, plan, signal);
  if (check.method === "reference") return;
  log?.info(check, "the reference takes too long: the gradient was compared with the loss' slope");
}

/** What a trainer computes with. */
interface TrainerParts {
  readonly device: OpenBackend;
  readonly stepper: Stepper;
  readonly log: StepperLog | undefined;
  /** All that goes with the trainer, the stepper included. */
  readonly opened: Disposable;
}

class TfjsTrainer implements Trainer {
  readonly backend: BackendName;
  readonly #device: OpenBackend;
  readonly #training: Plan["training"];
  readonly #data: SplitDataset;
  readonly #stepper: Stepper;
  readonly #log: StepperLog | undefined;
  readonly #opened: Disposable;

  constructor(
    training: Plan["training"],
    data: SplitDataset,
    { device, stepper, log, opened }: TrainerParts,
  ) {
    this.backend = device.name;
    this.#device = device;
    this.#training = training;
    this.#data = data;
    this.#stepper = stepper;
    this.#log = log;
    this.#opened = opened;
  }

  train(model: Float32Array, batchSeed: string, signal: AbortSignal): Promise<LocalUpdate> {
    return this.#device.use((either) => this.#train(model, batchSeed, either), signal);
  }

  evaluate(model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    return this.#device.use((either) => this.#evaluate(model, either), signal);
  }

  [Symbol.dispose](): void {
    this.#opened[Symbol.dispose]();
  }

  async #train(model: Float32Array, batchSeed: string, signal: AbortSignal): Promise<LocalUpdate> {
    const { batchSize, localSteps } = this.#training;
    this.#stepper.write(model);
    using round = this.#stepper.openRound();
    const batches = new Batches(this.#data.training, batchSize, `${batchSeed}/batches`);
    const turns = new Turns();
    const progress = new TrainingProgress(this.#log, localSteps);
    signal.throwIfAborted();
    for (let step = 1; step <= localSteps; step++) {
      round.step(batches.next(), `${batchSeed}/dropout/${step}`);
      if (!turns.isDue) continue;
      progress.report(step, await finiteSum(round, step));
      await turns.take(signal);
    }
    await turns.take(signal);
    const lossSum = await finiteSum(round, localSteps);
    const delta = difference(await this.#stepper.read(), model);
    if (firstNonFinite(delta) >= 0) throw diverged(localSteps);
    return { delta, examples: this.#data.training.examples, meanLoss: lossSum / localSteps };
  }

  async #evaluate(model: Float32Array, signal: AbortSignal): Promise<Evaluation> {
    const { holdOut } = this.#data;
    const { evaluationBatch } = this.#stepper;
    this.#stepper.write(model);
    const turns = new Turns();
    let lossSum = 0;
    let correct = 0;
    signal.throwIfAborted();
    for (const batch of batchesInOrder(holdOut, evaluationBatch)) {
      const result = await this.#stepper.evaluate(batch);
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
}

/** The sum of the losses. Throws {@link ClientError} `diverged` where one was not finite. */
async function finiteSum(round: RoundSteps, step: number): Promise<number> {
  const sum = await round.lossSum();
  if (!Number.isFinite(sum)) throw diverged(step);
  return sum;
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
