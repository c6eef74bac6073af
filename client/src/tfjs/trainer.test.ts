import { initialModel, type Layer, layoutOf, type Plan } from "@chorus/aggregation";
import { getBackend, memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../data/dataset.ts";
import { selectExamples } from "../data/examples.test-support.ts";
import type { Trainer } from "../trainer.ts";
import { openBackend } from "./backend.ts";
import type { BackendName } from "./backends/backend.ts";
import { openRung } from "./backends/open-rung.ts";
import { planOf } from "./models.test-support.ts";
import { binaryPlan, HIDDEN_LAYER, imagePlan, imagesByRow } from "./samples.test-support.ts";
import { PLAIN_LAYERS, relativeDifference, STATIC_LAYERS } from "./static/programs.test-support.ts";
import { createTrainer } from "./trainer.ts";

const NEVER = new AbortController().signal;
const DATASET = imagesByRow(80, "training");

beforeAll(() => openBackend(NEVER));

function open(plan: Plan, dataset: Dataset = DATASET): Promise<Trainer> {
  return createTrainer({ plan, dataset, selfTest: false }, NEVER);
}

function initial(plan: Plan): Float32Array {
  return initialModel(layoutOf(plan.model), plan.seed);
}

const OPTIMIZERS: Plan["training"]["optimizer"][] = [
  { kind: "sgd", learningRate: 0.5, momentum: 0 },
  { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
  { kind: "adam", learningRate: 0.05 },
];

const WAYS = OPTIMIZERS.flatMap((optimizer) => [
  { way: "operations", layers: HIDDEN_LAYER, optimizer },
  { way: "a static plan", layers: PLAIN_LAYERS, optimizer },
]);

describe.each(WAYS)("training by $way with $optimizer", ({ layers, optimizer }) => {
  const plan = imagePlan(layers, { optimizer, localSteps: 60 });

  test("learns to tell held-out images apart", async () => {
    using trainer = await open(plan);
    const model = initial(plan);
    const update = await trainer.train(model, "round 1", NEVER);
    const trained = model.map((value, index) => value + (update.delta[index] ?? 0));
    const [before, after] = [
      await trainer.evaluate(model, NEVER),
      await trainer.evaluate(trained, NEVER),
    ];
    expect(before.correct).toBeLessThan(after.correct);
    expect(after.meanLoss).toBeLessThan(before.meanLoss / 2);
    expect(after).toMatchObject({ examples: 20, correct: 20 });
    expect(update.examples).toBe(60);
    expect(update.meanLoss).toBeLessThan(before.meanLoss);
  });

  test("gives the same update for the same seed whatever came before, and another for another seed", async () => {
    using trainer = await open(plan);
    const model = initial(plan);
    const first = await trainer.train(model, "a", NEVER);
    const other = await trainer.train(model, "b", NEVER);
    expect(await trainer.train(model, "a", NEVER)).toEqual(first);
    expect(other.delta).not.toEqual(first.delta);
    expect(model).toEqual(initial(plan));
  });

  test("keeps as many tensors after each round, and none once disposed", async () => {
    const before = memory().numTensors;
    {
      using trainer = await open(plan);
      const opened = memory().numTensors;
      for (const seed of ["a", "b", "c"]) {
        await trainer.train(initial(plan), seed, NEVER);
        await trainer.evaluate(initial(plan), NEVER);
        expect(memory().numTensors).toBe(opened);
      }
    }
    expect(memory().numTensors).toBe(before);
  });
});

describe("a trainer", () => {
  test("beside others in one process gives what it gives alone", async () => {
    const plan = imagePlan(HIDDEN_LAYER, { optimizer: { kind: "adam", learningRate: 0.05 } });
    const sites = ["x", "y", "z"].map((seed) => imagesByRow(40, seed));
    const trainAt = async (site: Dataset) => {
      using trainer = await createTrainer({ plan, dataset: site }, NEVER);
      return await trainer.train(initial(plan), "round", NEVER);
    };
    const together = await Promise.all(sites.map(trainAt));
    for (const [index, site] of sites.entries())
      expect(await trainAt(site)).toEqual(together[index]);
  });

  test.each([
    ["operations", HIDDEN_LAYER],
    ["a static plan", STATIC_LAYERS],
  ])(
    "on %s stops between two steps when aborted, with the signal's reason, and can train again",
    async (_way, layers) => {
      const plan = imagePlan(layers, { localSteps: 1_000_000 });
      const shutdown = new AbortController();
      const reason = new Error("the site shuts down");
      using endless = await open(plan);
      const before = memory().numTensors;
      setImmediate(() => shutdown.abort(reason));
      await expect(endless.train(initial(plan), "round", shutdown.signal)).rejects.toBe(reason);
      expect(memory().numTensors).toBe(before);
      await expect(endless.evaluate(initial(plan), shutdown.signal)).rejects.toBe(reason);
      expect((await endless.evaluate(initial(plan), NEVER)).examples).toBe(20);
    },
  );

  test("computes on the backend that it is told, and gives what WASM gives", async () => {
    const plan = imagePlan(HIDDEN_LAYER, { localSteps: 5 });
    const trainOn = async (backend: BackendName) => {
      using trainer = await createTrainer({ plan, dataset: DATASET, backend }, NEVER);
      expect([trainer.backend, getBackend()]).toEqual([backend, backend]);
      return await trainer.train(initial(plan), "round", NEVER);
    };
    const [slow, fast] = [await trainOn("cpu"), await trainOn("wasm")];
    expect(slow.delta).not.toEqual(fast.delta);
    expect(relativeDifference(slow.delta, fast.delta)).toBeLessThan(1e-5);
  });

  test("does not compute when the process computes on another backend by now", async () => {
    using trainer = await open(imagePlan(HIDDEN_LAYER));
    await openRung("cpu", NEVER);
    const training = trainer.train(initial(imagePlan(HIDDEN_LAYER)), "round", NEVER);
    await expect(training).rejects.toThrow("on the backend cpu by now, not on wasm");
    await openBackend(NEVER);
  });

  test("takes what examples there are when a batch wants more", async () => {
    const plan = imagePlan(HIDDEN_LAYER, { batchSize: 1000, localSteps: 2 });
    using trainer = await open(plan, imagesByRow(8, "few"));
    expect((await trainer.train(initial(plan), "round", NEVER)).examples).toBe(6);
  });

  test("trains as many steps as it is told instead of the plan's", async () => {
    const plan = imagePlan(HIDDEN_LAYER, { localSteps: 10 });
    const longPlan = imagePlan(HIDDEN_LAYER, { localSteps: 25 });
    using trainer = await createTrainer({ plan, dataset: DATASET, localSteps: 25 }, NEVER);
    using longTrainer = await open(longPlan);
    const update = await trainer.train(initial(plan), "round", NEVER);
    expect(update).toEqual(await longTrainer.train(initial(plan), "round", NEVER));
  });

  test("evaluates the hold-out it is given, and then trains on the whole dataset", async () => {
    const plan = imagePlan(HIDDEN_LAYER);
    const holdOut = imagesByRow(1500, "elsewhere");
    using trainer = await createTrainer({ plan, dataset: DATASET, holdOut }, NEVER);
    expect((await trainer.evaluate(initial(plan), NEVER)).examples).toBe(1500);
    expect((await trainer.train(initial(plan), "round", NEVER)).examples).toBe(80);
  });

  test("finds the same mean loss on a hold-out and on many copies of it", async () => {
    const plan = imagePlan(HIDDEN_LAYER);
    const evaluate = async (holdOut: Dataset) => {
      using trainer = await createTrainer({ plan, dataset: DATASET, holdOut }, NEVER);
      return await trainer.evaluate(initial(plan), NEVER);
    };
    const once = await evaluate(DATASET);
    // 1120 examples: more than are evaluated at a time.
    const copies = Uint32Array.from({ length: 14 * 80 }, (_, index) => index % 80);
    const often = await evaluate(selectExamples(DATASET, copies));
    expect(often).toMatchObject({ examples: 14 * 80, correct: 14 * once.correct });
    expect(Math.abs(often.meanLoss - once.meanLoss)).toBeLessThan(1e-6);
  });

  test("without a hold-out evaluates nothing", async () => {
    const plan = { ...imagePlan(HIDDEN_LAYER), holdOut: 0 };
    using trainer = await open(plan);
    expect(await trainer.evaluate(initial(plan), NEVER)).toEqual({
      examples: 0,
      correct: 0,
      meanLoss: 0,
    });
  });
});

describe("a trainer refuses", () => {
  test("to report an update that is not finite, by operations", async () => {
    const plan = imagePlan(HIDDEN_LAYER);
    // Infinite as float32, so that sums with weights of both signs are NaN; a product that overflows need not be one.
    const features = DATASET.features.map((value) => value * 1e39);
    using trainer = await open(plan, { ...DATASET, features });
    const training = trainer.train(initial(plan), "round", NEVER);
    await expect(training).rejects.toMatchObject({ name: "ClientError", code: "diverged" });
  });

  test("to report an update that is not finite, by a static plan", async () => {
    using trainer = await open(imagePlan(STATIC_LAYERS));
    // Sums of such weights overflow with both signs.
    const model = initial(imagePlan(STATIC_LAYERS)).map((weight) => 3e38 * Math.sign(weight));
    const diverged = { name: "ClientError", code: "diverged" };
    await expect(trainer.train(model, "round", NEVER)).rejects.toMatchObject(diverged);
    await expect(trainer.evaluate(model, NEVER)).rejects.toMatchObject(diverged);
  });

  test("a model of another length", async () => {
    for (const layers of [HIDDEN_LAYER, STATIC_LAYERS]) {
      using trainer = await open(imagePlan(layers));
      const training = trainer.train(new Float32Array(5), "round", NEVER);
      await expect(training).rejects.toMatchObject({ code: "wrong-model" });
    }
  });

  test("examples of another shape, labels that are no classes, and too few examples", async () => {
    const plan = binaryPlan();
    await expect(open(plan)).rejects.toThrow("examples are [4, 3], the plan's [2]");
    const one = { examples: 1, features: new Float32Array(2), featureShape: [2] };
    await expect(open(plan, { ...one, labels: Int32Array.of(2) })).rejects.toThrow(
      "label 2, the plan 0 to 1",
    );
    await expect(open(plan, { ...one, labels: Int32Array.of(1) })).rejects.toMatchObject({
      code: "bad-data",
    });
  });

  test("numbers that are in no table of the model, before it trains", async () => {
    const layers: Layer[] = [
      {
        class_name: "Embedding",
        config: { input_dim: 5, output_dim: 2, batch_input_shape: [null, 4, 3] },
      },
      { class_name: "Flatten", config: {} },
      { class_name: "Dense", config: { units: 3, activation: "softmax" } },
    ];
    const plan = planOf({ class_name: "Sequential", config: { name: "words", layers } }, 3);
    const tokens = DATASET.features.map((_, index) => index % 5);
    const refused = {
      code: "bad-data",
      message: expect.stringContaining("a scale in the plan's data"),
    };
    for (const bad of [5, -1, 0.5, Number.NaN]) {
      const features = tokens.with(-1, bad);
      await expect(open(plan, { ...DATASET, features })).rejects.toMatchObject(refused);
    }
    using _trainer = await open(plan, { ...DATASET, features: tokens });
  });
});
