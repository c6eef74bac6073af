import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { layoutOf, type Plan, parsePlan, seededRandom, type Update } from "@chorus/aggregation";
import { beforeAll, expect, test } from "vitest";
import { protectionsTable } from "./print-protections.ts";
import { encryptedMean, maskedMean, type Protection, plainMean } from "./protections.ts";

const participants = 4;
let plan: Plan;
beforeAll(async () => {
  const file = fileURLToPath(import.meta.resolve("@chorus/cli/plans/mnist.json"));
  plan = parsePlan(await readFile(file, "utf8"));
});

/** Updates of the demo's size, each of this L2 norm and with other examples. */
function updatesOf(norm: number): Update[] {
  const dimension = layoutOf(plan.model).parameters;
  return Array.from({ length: participants }, (_, place) => {
    const bytes = new Uint8Array(dimension);
    seededRandom(`update ${place}`).fill(bytes);
    const plain = Float32Array.from(bytes, (byte) => byte - 127.5);
    const length = Math.hypot(...plain);
    const counts = { evaluationExamples: 0, evaluationCorrect: 0, evaluationLossMillis: 0 };
    return {
      delta: plain.map((value) => (value * norm) / length),
      counts: { ...counts, trainingExamples: 9000 + 1000 * place },
    };
  });
}

/** L2 distance of a protected mean from the plain one, in lengths of the plain one. */
function errorOf(protection: Protection, norm: number): number {
  const updates = updatesOf(norm);
  const wanted = plainMean.meanOf(updates, 1, seededRandom("none"));
  const got = protection.meanOf(updates, 1, seededRandom("rounding"));
  return (
    Math.hypot(...got.map((value, index) => value - (wanted[index] ?? 0))) / Math.hypot(...wanted)
  );
}

test("all protections give the mean of updates within the clip, the finer the closer, and none of longer ones", () => {
  const ways = [
    { protection: encryptedMean(plan, 8, participants), within: 0.15 },
    { protection: encryptedMean(plan, 15, participants), within: 0.0012 },
    { protection: encryptedMean(plan, 16, participants), within: 0.0006 },
    { protection: maskedMean(plan, participants), within: 0.00001 },
  ];
  for (const { protection, within } of ways) {
    expect(errorOf(protection, 10), protection.name).toBeLessThan(within);
    expect(errorOf(protection, 40), protection.name).toBeGreaterThan(0.4);
  }
});

test("the table has the mean over the seeds, and how far it is from the first protection's", () => {
  const run = (protection: string, seed: number, last: number) => ({
    protection,
    seed,
    accuracies: [0.1, 0.5, last],
    largestNorms: [1, 1],
  });
  const runs = [run("none", 1, 0.9), run("he", 1, 0.88), run("none", 2, 0.94), run("he", 2, 0.92)];
  expect(protectionsTable(runs).split("\n").slice(2)).toEqual([
    expect.stringMatching(/^none +50\.00 +92\.00$/),
    expect.stringMatching(/^he +50\.00 +90\.00 +-2\.00$/),
  ]);
});
