import { initialModel, layoutOf } from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { selectExamples } from "../data/examples.test-support.ts";
import { type Examples, examplesOf } from "../data/examples.ts";
import { HIDDEN_LAYER, imagePlan, imagesByRow } from "./samples.test-support.ts";
import { createTrainer } from "./trainer.ts";

const NEVER = new AbortController().signal;

/** Examples on a disk from which every reading takes as long as the event loop is kept waiting, and which stop their reader. */
class SlowExamples implements Examples {
  readonly examples: number;
  readonly featureShape: readonly number[];
  readonly labels: Int32Array;
  readonly onRead: () => void;
  readonly #source: Examples;

  constructor(source: Examples, onRead: () => void) {
    this.examples = source.examples;
    this.featureShape = source.featureShape;
    this.labels = source.labels;
    this.onRead = onRead;
    this.#source = source;
  }

  read(indices: Uint32Array, target: Dataset): void {
    const untilMs = performance.now() + 11;
    while (performance.now() < untilMs);
    this.#source.read(indices, target);
    this.onRead();
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

test("an evaluation that is aborted stops after the batch that it is at, with the signal's reason", async () => {
  const plan = imagePlan(HIDDEN_LAYER);
  const dataset = imagesByRow(80, "site");
  const many = Uint32Array.from({ length: 20_000 }, (_, index) => index % 80);
  const shutdown = new AbortController();
  const reason = new Error("the site shuts down");
  let reads = 0;
  const holdOut = new SlowExamples(examplesOf(selectExamples(dataset, many)), () => {
    reads++;
    shutdown.abort(reason);
  });
  using trainer = await createTrainer({ plan, dataset, holdOut, selfTest: false }, NEVER);
  const model = initialModel(layoutOf(plan.model), plan.seed);
  reads = 0;
  await expect(trainer.evaluate(model, shutdown.signal)).rejects.toBe(reason);
  expect(reads).toBe(1);
  expect((await trainer.evaluate(model, NEVER)).examples).toBe(20_000);
});
