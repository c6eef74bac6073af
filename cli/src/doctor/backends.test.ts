import { readFile } from "node:fs/promises";
import { parsePlan } from "@chorus/aggregation";
import { ChildProbe } from "@chorus/client";
import { expect, test } from "vitest";
import {
  type BackendReport,
  examineBackends,
  type TrainingReport,
  trainingFinding,
} from "./backends.ts";
import { formatTraining } from "./backends-table.ts";

const never = new AbortController().signal;
const plan = parsePlan(await readFile(new URL("../../plans/mnist.json", import.meta.url), "utf8"));

const measured = {
  backend: "webgpu",
  device: "GPU 7",
  isSoftware: false,
  relativeError: 1e-6,
  tensor: "dense/bias",
  stepMs: 0.5,
  products: [{ size: 512, gflops: 1234.5 }],
  convolutionMs: 0.25,
  leak: { steps: 50, tensors: 0, bytes: 0 },
} as const;

function report(backends: readonly BackendReport[]): TrainingReport {
  return { plan: "mnist-mlp", chosen: "webgpu", passedOver: { cpu: "is slow" }, backends };
}

test("the backend that is asked for is the only one measured, and is chosen where its gradient is right", async () => {
  const found = await examineBackends(plan, "wasm", new ChildProbe(), never);
  expect(found).toMatchObject({ plan: "mnist-mlp", chosen: "wasm", passedOver: {} });
  expect(found.backends.map(({ backend }) => backend)).toEqual(["wasm"]);
  expect(trainingFinding(found).found).toMatch(
    /^wasm trains mnist-mlp: [\d.]+ ms a step, gradient off by \d\.\de-\d/,
  );
});

test("drivers that bring their processes down fail the check, each with its reason", async () => {
  const probe = new ChildProbe({ env: { ...process.env, NODE_OPTIONS: "--require nowhere.cjs" } });
  const found = await examineBackends(plan, undefined, probe, never);
  expect(found.chosen).toBeUndefined();
  const finding = trainingFinding(found);
  expect(finding).toMatchObject({
    check: "training",
    status: "fail",
    advice: "See docs/backends.md.",
  });
  for (const name of ["tensorflow", "webgpu", "wasm", "cpu"]) {
    expect(finding.found).toContain(`${name}: its driver ended the process: exit code 1`);
  }
});

test("a fast step is fine, a slow one and one that leaves tensors behind are warned of", () => {
  expect(trainingFinding(report([measured])).status).toBe("ok");
  expect(trainingFinding(report([{ ...measured, stepMs: 31 }])).status).toBe("warn");
  const leak = { steps: 50, tensors: 100, bytes: 400 };
  expect(trainingFinding(report([{ ...measured, leak }]))).toMatchObject({
    status: "warn",
    found: expect.stringContaining("50 steps leave 100 tensors"),
  });
});

test("the table has a row for what was measured, and a sentence for everything else", () => {
  const text = formatTraining(report([measured, { backend: "cpu", absent: "is slow" }]));
  const [, , row, , ...sentences] = text.split("\n");
  expect(row?.split(/ {2,}/)).toEqual([
    "webgpu",
    "0.50",
    "1234.5",
    "-",
    "0.3",
    "1.0e-6",
    "0 in 50",
    "GPU 7",
  ]);
  expect(sentences).toEqual(["webgpu would train mnist-mlp.", "cpu would not: is slow"]);
});
