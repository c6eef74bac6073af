import { type CsvSchema, initialModel, layoutOf } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { createTrainer } from "../tfjs/trainer.ts";
import type { Examples } from "./examples.ts";
import { folderWith } from "./files.test-support.ts";
import { loadDataset } from "./load.ts";
import { planFor } from "./plans.test-support.ts";

const SCHEMA: CsvSchema = {
  format: "csv",
  features: [
    { column: "x", kind: "number", mean: 0, scale: 1 },
    { column: "y", kind: "number", mean: 0, scale: 1 },
  ],
  label: { column: "label", kind: "binary", positiveAbove: 0 },
  missing: "refuse",
};
const PLAN = { ...planFor(SCHEMA, [2]), holdOut: 0.25 };
const NEVER = new AbortController().signal;

/** Examples that tell whether they were let go. */
class Watched implements Examples {
  readonly #examples: Examples;
  readonly featureShape: readonly number[];
  isLetGo = false;

  constructor(examples: Examples, featureShape: readonly number[] = examples.featureShape) {
    this.#examples = examples;
    this.featureShape = featureShape;
  }

  get examples(): number {
    return this.#examples.examples;
  }

  get labels(): Int32Array {
    return this.#examples.labels;
  }

  read: Examples["read"] = (indices, target) => this.#examples.read(indices, target);

  [Symbol.dispose](): void {
    this.isLetGo = true;
    this.#examples[Symbol.dispose]();
  }
}

test("a site whose examples are on disk trains and evaluates as one that has them in memory, and lets them go", async () => {
  const rows = Array.from(
    { length: 40 },
    (_, row) => `${Math.sin(row)},${Math.cos(row)},${row % 3}\n`,
  );
  await using folder = await folderWith({ "site.csv": `x,y,label\n${rows.join("")}` });
  const model = initialModel(layoutOf(PLAN.model), PLAN.seed);
  const outcomes = [];
  for (const limitBytes of [0, Number.POSITIVE_INFINITY]) {
    const storage = { limitBytes, directory: folder.path };
    const loaded = await loadDataset(`${folder.path}/site.csv`, PLAN, { storage }, NEVER);
    const dataset = new Watched(loaded.dataset);
    {
      using trainer = await createTrainer({ plan: PLAN, dataset, selfTest: false }, NEVER);
      const update = await trainer.train(model, "seed", NEVER);
      outcomes.push({ update, evaluation: await trainer.evaluate(model, NEVER) });
      expect(dataset.isLetGo).toBe(false);
    }
    expect(dataset.isLetGo).toBe(true);
  }
  expect(outcomes[0]?.update.examples).toBe(30);
  expect(outcomes[0]).toEqual(outcomes[1]);
});

test("examples that a trainer refuses are let go", async () => {
  await using folder = await folderWith({ "site.csv": "x,y,label\n1,2,0\n3,4,1\n" });
  const { dataset } = await loadDataset(`${folder.path}/site.csv`, planFor(SCHEMA, [2]), {}, NEVER);
  const watched = new Watched(dataset, [3]);
  const creating = createTrainer({ plan: PLAN, dataset: watched, selfTest: false }, NEVER);
  await expect(creating).rejects.toMatchObject({ code: "bad-data" });
  expect(watched.isLetGo).toBe(true);
});
