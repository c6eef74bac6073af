import type { Plan } from "@chorus/aggregation";
import { backend, memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Batches } from "../../data/batches.ts";
import type { Dataset } from "../../data/dataset.ts";
import { openBackend } from "../backend.ts";
import { heapOf } from "../kernels/heap.ts";
import { binaryPlan, imagePlan } from "../samples.test-support.ts";
import type { Stepper } from "../stepper.ts";
import {
  biasedModel,
  countingHeap,
  images,
  openOperations,
  openProgram,
  PLAIN_LAYERS,
  points,
  relativeDifference,
  STATIC_LAYERS,
} from "./programs.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

const OPTIMIZERS: Plan["training"]["optimizer"][] = [
  { kind: "sgd", learningRate: 0.5, momentum: 0 },
  { kind: "sgd", learningRate: 0.1, momentum: 0.9 },
  { kind: "adam", learningRate: 0.01 },
];

const IMAGES = images(80, "training");
const POINTS = points(50);

/** Weights after steps of a new round, and the sum of the losses. */
async function trained(
  stepper: Stepper,
  model: Float32Array,
  { dataset, batchSize, steps = 50 }: { dataset: Dataset; batchSize: number; steps?: number },
): Promise<{ readonly weights: Float32Array; readonly loss: number }> {
  stepper.write(model);
  const batches = new Batches(dataset, batchSize, "batches");
  using round = stepper.openRound();
  for (let step = 0; step < steps; step++) round.step(batches.next(), `dropout/${step}`);
  return { weights: await stepper.read(), loss: await round.lossSum() };
}

const PLANS: readonly (readonly [
  string,
  Dataset,
  (training: Partial<Plan["training"]>) => Plan,
])[] = [
  ["layers without dropout", IMAGES, (training) => imagePlan(PLAIN_LAYERS, training)],
  ["layers with dropout", IMAGES, (training) => imagePlan(STATIC_LAYERS, training)],
  ["a sigmoid unit", POINTS, (training) => binaryPlan(training)],
];

describe.each(OPTIMIZERS)("50 steps of %o agree with TensorFlow.js' operations", (optimizer) => {
  test.each(PLANS)("for %s", async (_name, dataset, planOf) => {
    const plan = planOf({ optimizer, batchSize: 7 });
    using program = openProgram(plan);
    using operations = await openOperations(plan);
    const model = biasedModel(plan);
    const got = await trained(program, model, { dataset, batchSize: 7 });
    const wanted = await trained(operations, model, { dataset, batchSize: 7 });
    expect(relativeDifference(got.weights, wanted.weights)).toBeLessThan(1e-4);
    expect(Math.abs(got.loss - wanted.loss)).toBeLessThan(1e-4 * wanted.loss);
    // The agreement is about weights that have moved.
    expect(relativeDifference(model, wanted.weights)).toBeGreaterThan(0.1);
  });
});

test("50 steps that are drawn back to the round's beginning agree with TensorFlow.js' operations, and lead elsewhere", async () => {
  const [free, drawn] = [{}, { proximal: 0.5 }].map((more) =>
    imagePlan(PLAIN_LAYERS, { batchSize: 7, ...more }),
  ) as [Plan, Plan];
  const model = biasedModel(drawn);
  const task = { dataset: IMAGES, batchSize: 7 };
  using program = openProgram(drawn);
  using operations = await openOperations(drawn);
  using undrawn = openProgram(free);
  const wanted = await trained(operations, model, task);
  const got = await trained(program, model, task);
  expect(relativeDifference(got.weights, wanted.weights)).toBeLessThan(1e-4);
  const elsewhere = await trained(undrawn, model, task);
  expect(relativeDifference(elsewhere.weights, wanted.weights)).toBeGreaterThan(0.1);
});

describe("a static program", () => {
  const plan = imagePlan(STATIC_LAYERS, { optimizer: { kind: "adam", learningRate: 0.01 } });

  test("leaves the same weights, bit for bit, whatever it did before", async () => {
    using program = openProgram(plan);
    const model = biasedModel(plan);
    const task = { dataset: IMAGES, batchSize: 8 };
    const first = await trained(program, model, task);
    await program.evaluate(images(30, "other"));
    await trained(program, model, { ...task, dataset: images(40, "other"), steps: 3 });
    expect(await trained(program, model, task)).toEqual(first);
  });

  test.each([1, 5, 8])("takes the mean over the %i examples of a batch that it has", async (n) => {
    using program = openProgram(plan);
    using operations = await openOperations(plan);
    const model = biasedModel(plan);
    const task = { dataset: images(n, "few"), batchSize: 8, steps: 3 };
    const wanted = await trained(operations, model, task);
    const got = await trained(program, model, task);
    expect(relativeDifference(got.weights, wanted.weights)).toBeLessThan(1e-5);
  });

  test("evaluates as the operations do, also more examples than a batch has", async () => {
    using program = openProgram(plan);
    using operations = await openOperations(plan);
    const holdOut = images(program.evaluationBatch, "hold-out");
    for (const stepper of [program, operations]) stepper.write(biasedModel(plan));
    const [got, wanted] = [await program.evaluate(holdOut), await operations.evaluate(holdOut)];
    expect(got.correct).toBe(wanted.correct);
    expect(Math.abs(got.loss - wanted.loss)).toBeLessThan(1e-6);
    expect(program.evaluationBatch).toBeGreaterThan(8);
  });

  test("of one sigmoid unit is certain and wrong at a finite loss", async () => {
    using program = openProgram(binaryPlan());
    program.write(Float32Array.of(1, -2, 0.5));
    const features = Float32Array.of(1, 0, 0, 1, 100, 0, 0, 50);
    const batch = { examples: 4, features, featureShape: [2], labels: Int32Array.of(1, 1, 0, 0) };
    // Logits 1.5, -1.5, 100.5, -99.5: -log(sigmoid(z)) for label 1, -log(1 - sigmoid(z)) for label 0.
    const loss = (Math.log1p(Math.exp(-1.5)) + Math.log1p(Math.exp(1.5)) + 100.5) / 4;
    const result = await program.evaluate(batch);
    expect(result.correct).toBe(2);
    expect(Math.abs(result.loss - loss)).toBeLessThan(1e-5);
  });

  test("keeps neither tensors nor memory over 2000 steps", async () => {
    using program = openProgram(plan);
    const task = { dataset: IMAGES, batchSize: 8 };
    await trained(program, biasedModel(plan), { ...task, steps: 20 });
    const before = { ...memory(), heap: heapOf(backend()).memory.buffer.byteLength };
    await trained(program, biasedModel(plan), { ...task, steps: 2000 });
    expect({ ...memory(), heap: heapOf(backend()).memory.buffer.byteLength }).toEqual(before);
  });

  test("works on when the memory has grown and its views are others", async () => {
    using program = openProgram(plan);
    const task = { dataset: IMAGES, batchSize: 8, steps: 3 };
    const before = await trained(program, biasedModel(plan), task);
    const heap = heapOf(backend());
    const bytes = heap.memory.buffer.byteLength;
    heap.free(heap.allocate(bytes));
    expect(heap.memory.buffer.byteLength).toBeGreaterThan(bytes);
    expect(await trained(program, biasedModel(plan), task)).toEqual(before);
  });

  test("frees all of its memory when disposed of, and where there is not enough of it", () => {
    const { heap, live } = countingHeap();
    const program = openProgram(plan, heap);
    const blocks = live.size;
    expect(blocks).toBeGreaterThan(10);
    program[Symbol.dispose]();
    expect(live.size).toBe(0);
    for (let room = 0; room < blocks; room++) {
      const small = countingHeap(room);
      expect(() => openProgram(plan, small.heap)).toThrow("no memory");
      expect(small.live.size).toBe(0);
    }
  });

  test("refuses a model of another length and more examples than it has room for", async () => {
    using program = openProgram(plan);
    expect(() => program.write(new Float32Array(5))).toThrow(
      expect.objectContaining({ code: "wrong-model" }),
    );
    const model = biasedModel(plan);
    const step = (examples: number) =>
      trained(program, model, { dataset: images(examples, "many"), batchSize: examples, steps: 1 });
    await expect(step(9)).rejects.toThrow("a batch of 9 examples, wanted 8 at most");
    await expect(step(program.evaluationBatch + 1)).rejects.toThrow(RangeError);
  });

  test("refuses a batch that is too large before anything on the heap is written", () => {
    using program = openProgram(plan);
    using round = program.openRound();
    const heap = () => Buffer.from(heapOf(backend()).memory.buffer);
    const before = Buffer.from(heap());
    const many = images(200, "many");
    expect(() => round.step(many, "dropout")).toThrow("a batch of 200 examples, wanted 8 at most");
    expect(before.equals(heap())).toBe(true);
    program.load(many);
    const loaded = Buffer.from(heap());
    expect(() => program.forward("dropout")).toThrow("a batch of 200 examples, wanted 8 at most");
    expect(() => program.backward()).toThrow("a batch of 200 examples, wanted 8 at most");
    expect(loaded.equals(heap())).toBe(true);
  });

  test("computes nothing once disposed of, where others' values may be", () => {
    // Without dropout the kernels are given addresses only.
    const program = openProgram(imagePlan(PLAIN_LAYERS));
    program.load(images(8, "batch"));
    program[Symbol.dispose]();
    expect(() => program.forward(undefined)).toThrow("disposed");
    expect(() => program.backward()).toThrow("disposed");
    expect(() => program.update()).toThrow("disposed");
  });
});
