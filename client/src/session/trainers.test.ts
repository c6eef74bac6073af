import { expect, test } from "vitest";
import { FakeTrainer } from "../testing/fake-trainer.ts";
import { PLAN } from "../testing/tiny-round.ts";
import { type PlannedRun, Trainers } from "./trainers.ts";

const { signal } = new AbortController();

/** A run whose id is that of its plan. */
function run(id: string): PlannedRun {
  return { runId: id, plan: PLAN, planHash: id };
}

/** Trainers that remember what they made. */
function openTrainers(): { trainers: Trainers; made: FakeTrainer[] } {
  const made: FakeTrainer[] = [];
  const create = async () => {
    const trainer = new FakeTrainer(new Float32Array());
    made.push(trainer);
    return trainer;
  };
  return { trainers: new Trainers("data", create), made };
}

test("the data of a plan are read once, however many rounds it has", async () => {
  const { trainers, made } = openTrainers();
  const first = await trainers.forRun(run("aa"), signal);
  expect(await trainers.forRun(run("aa"), signal)).toBe(first);
  expect(made).toHaveLength(1);
});

test("another plan's trainer takes the place of the one before, which is disposed of", async () => {
  const { trainers, made } = openTrainers();
  await trainers.forRun(run("aa"), signal);
  await trainers.forRun(run("bb"), signal);
  expect(made.map(({ isDisposed }) => isDisposed)).toEqual([true, false]);
  trainers[Symbol.dispose]();
  expect(made.map(({ isDisposed }) => isDisposed)).toEqual([true, true]);
});

test("a second run of the same plan gets a trainer of its own, which asks what may be answered", async () => {
  const { trainers, made } = openTrainers();
  await trainers.forRun({ ...run("aa"), runId: "first" }, signal);
  await trainers.forRun({ ...run("aa"), runId: "second" }, signal);
  expect(made.map(({ isDisposed }) => isDisposed)).toEqual([true, false]);
});

test("data that could not be read are tried again at the next invitation", async () => {
  const trainer = new FakeTrainer(new Float32Array());
  const outcomes = [Promise.reject(new Error("no such file")), Promise.resolve(trainer)];
  const trainers = new Trainers("data", () => outcomes.shift() ?? Promise.reject());
  await expect(trainers.forRun(run("aa"), signal)).rejects.toThrow("no such file");
  expect(await trainers.forRun(run("aa"), signal)).toBe(trainer);
});
