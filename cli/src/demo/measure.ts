import { initialModel, layoutOf, type Plan } from "@chorus/aggregation";
import { createTrainer, type Dataset, type Trainer } from "@chorus/client";
import type { AccuracyPoint } from "../report/charts.ts";
import type { LabelledImages } from "./idx.ts";

/**
 * Some of the images as numbers, in the order of `indices`, as the plan's trainer takes them. `scale`: what pixels are
 * divided by. An index that is out of range is a RangeError.
 */
export function datasetOf(
  { rows, columns, pixels, labels }: LabelledImages,
  scale: number,
  indices: Uint32Array,
): Dataset {
  const size = rows * columns;
  const features = new Float32Array(indices.length * size);
  for (const [row, index] of indices.entries()) {
    if (index >= labels.length)
      throw new RangeError(`index ${index}, wanted 0..${labels.length - 1}`);
    features.set(pixels.subarray(index * size, (index + 1) * size), row * size);
  }
  for (let pixel = 0; pixel < features.length; pixel += 1)
    features[pixel] = (features[pixel] ?? 0) / scale;
  return {
    examples: indices.length,
    features,
    featureShape: [rows, columns],
    labels: Int32Array.from(indices, (index) => labels[index] ?? 0),
  };
}

/** All images as numbers; see {@link datasetOf}. */
export function wholeDatasetOf(images: LabelledImages, scale: number): Dataset {
  const indices = Uint32Array.from(images.labels, (_, index) => index);
  return datasetOf(images, scale, indices);
}

/** Tells how a model does on the test examples. */
export class TestMeter implements Disposable {
  readonly #trainer: Trainer;

  private constructor(trainer: Trainer) {
    this.#trainer = trainer;
  }

  /** Throws what makes a trainer impossible: see the client's createTrainer. */
  static async open(
    plan: Plan,
    test: LabelledImages,
    scale: number,
    signal: AbortSignal,
  ): Promise<TestMeter> {
    const holdOut = wholeDatasetOf(test, scale);
    // Nothing is trained here, but a trainer has at least one example to train on.
    const dataset = datasetOf(test, scale, Uint32Array.of(0));
    return new TestMeter(await createTrainer({ plan, dataset, holdOut }, signal));
  }

  /** TensorFlow.js backend in use. */
  get backend(): string {
    return this.#trainer.backend;
  }

  /** Share of the test examples that the model classifies rightly. `model`: shape `[parameters]`. */
  async accuracy(model: Float32Array, signal: AbortSignal): Promise<number> {
    const { correct, examples } = await this.#trainer.evaluate(model, signal);
    return correct / examples;
  }

  [Symbol.dispose](): void {
    this.#trainer[Symbol.dispose]();
  }
}

/** What a baseline trains with. */
export interface BaselineOptions {
  readonly series: string;
  readonly plan: Plan;
  readonly dataset: Dataset;
  /** Local trainings; the accuracy is measured after each group of them. */
  readonly trainings: readonly number[];
}

/**
 * Trains one model on one dataset with the federation's budget: it begins with the plan's initial model and takes as many
 * steps as all participants together did. Returns the test accuracy before and after each group of trainings.
 */
export async function trainBaseline(
  { series, plan, dataset, trainings }: BaselineOptions,
  meter: TestMeter,
  signal: AbortSignal,
): Promise<readonly AccuracyPoint[]> {
  using trainer = await createTrainer({ plan, dataset, holdOut: dataset, selfTest: false }, signal);
  const { localSteps, batchSize } = plan.training;
  let model = initialModel(layoutOf(plan.model), plan.seed);
  let done = 0;
  const points = [{ series, examplesSeen: 0, accuracy: await meter.accuracy(model, signal) }];
  for (const count of trainings) {
    for (const end = done + count; done < end; done += 1) {
      const { delta } = await trainer.train(model, `${series}/${done}`, signal);
      model = model.map((value, index) => value + (delta[index] ?? 0));
    }
    const examplesSeen = done * localSteps * batchSize;
    points.push({ series, examplesSeen, accuracy: await meter.accuracy(model, signal) });
  }
  return points;
}
