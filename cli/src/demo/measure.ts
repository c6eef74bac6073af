import { initialModel, layoutOf, type Plan } from "@chorus/aggregation";
import { createTrainer, type Dataset, selectExamples, type Trainer } from "@chorus/client";
import type { AccuracyPoint } from "../report/charts.ts";
import type { LabelledImages } from "./idx.ts";

/** Images as numbers, as the plan's trainer takes them. `scale`: what pixels are divided by. */
export function datasetOf(images: LabelledImages, scale: number): Dataset {
  return {
    examples: images.labels.length,
    features: Float32Array.from(images.pixels, (pixel) => pixel / scale),
    featureShape: [images.rows, images.columns],
    labels: Int32Array.from(images.labels),
  };
}

/** Tells how a model does on the test examples. */
export class TestMeter implements Disposable {
  readonly #trainer: Trainer;

  private constructor(trainer: Trainer) {
    this.#trainer = trainer;
  }

  /** `test`: shape as the plan's model takes it. */
  static async open(plan: Plan, test: Dataset, signal: AbortSignal): Promise<TestMeter> {
    const dataset = selectExamples(test, Uint32Array.of(0, 1));
    return new TestMeter(await createTrainer({ plan, dataset, holdOut: test }, signal));
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
  /** Local trainings after each of which the accuracy is measured, as many as a round had survivors. */
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
