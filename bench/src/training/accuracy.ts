import { initialModel, layoutOf, type Plan, parsePlan, SMALLEST_RUN } from "@chorus/aggregation";
import { readDigits } from "@chorus/cli";
import { createTrainer, type Dataset } from "@chorus/client";

/** What one core is to learn of MNIST, and how. */
export interface AccuracyTarget {
  readonly model: Plan["model"];
  readonly batchSize: number;
  /** The optimiser of each epoch. */
  readonly epochs: readonly Plan["training"]["optimizer"][];
  /** Share of the 10,000 test digits that the last epoch's model has to know. */
  readonly wanted: number;
}

/** After one epoch. */
export interface EpochResult {
  readonly epoch: number;
  readonly accuracy: number;
  readonly meanLoss: number;
  /** Seconds of CPU so far, evaluation included. */
  readonly cpuSeconds: number;
}

/**
 * Trains on the 60,000 digits of MNIST as a participant trains, an epoch a round: every epoch begins with an optimiser that
 * has no past. Yields what each epoch's model knows of the 10,000 test digits.
 */
export async function* learnDigits(
  target: AccuracyTarget,
  signal: AbortSignal,
): AsyncGenerator<EpochResult, void, undefined> {
  const digits = await readDigits();
  const [dataset, holdOut] = [datasetOf(digits.train), datasetOf(digits.test)];
  const start = process.cpuUsage();
  let model: Float32Array | undefined;
  for (const [index, optimizer] of target.epochs.entries()) {
    const plan = planOf(target, optimizer, Math.ceil(dataset.examples / target.batchSize));
    using trainer = await createTrainer({ plan, dataset, holdOut, selfTest: index === 0 }, signal);
    model ??= initialModel(layoutOf(plan.model), plan.seed);
    const { delta, meanLoss } = await trainer.train(model, `epoch ${index + 1}`, signal);
    model = model.map((weight, at) => weight + (delta[at] ?? 0));
    const { examples, correct } = await trainer.evaluate(model, signal);
    const { user, system } = process.cpuUsage(start);
    const cpuSeconds = (user + system) / 1e6;
    yield { epoch: index + 1, accuracy: correct / examples, meanLoss, cpuSeconds };
  }
}

type Images = Awaited<ReturnType<typeof readDigits>>["train"];

function datasetOf({ rows, columns, pixels, labels }: Images): Dataset {
  return {
    examples: labels.length,
    features: Float32Array.from(pixels, (pixel) => pixel / 255),
    featureShape: [rows, columns],
    labels: Int32Array.from(labels),
  };
}

function planOf(
  { model, batchSize }: AccuracyTarget,
  optimizer: Plan["training"]["optimizer"],
  localSteps: number,
): Plan {
  return parsePlan({
    name: "accuracy",
    model,
    data: { format: "idx", classes: 10, scale: 255 },
    holdOut: 0,
    training: { loss: "categoricalCrossentropy", optimizer, batchSize, localSteps },
    ...SMALLEST_RUN,
    seed: 1,
  });
}
