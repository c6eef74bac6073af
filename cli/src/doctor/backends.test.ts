import { readFile } from "node:fs/promises";
import { parsePlan } from "@chorus/aggregation";
import { type BackendName, ChildProbe } from "@chorus/client";
import { expect, test } from "vitest";
import {
  type BackendProbe,
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
  method: "reference",
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

/** A machine that measures the same of every backend, and has a graphics processor, or a program that pretends to be one. */
function machine(
  isSoftware: boolean,
  relativeError: number,
): { probe: BackendProbe; asked: BackendName[] } {
  const asked: BackendName[] = [];
  const device = isSoftware ? "SwiftShader" : "GPU 7";
  const everything: BackendProbe["everything"] = async (backend) => {
    asked.push(backend);
    return { ...measured, backend, device, isSoftware, relativeError };
  };
  return {
    asked,
    probe: { presence: async (backend) => ({ backend, device, isSoftware }), everything },
  };
}

test("a backend that was asked for is not chosen where its gradient is wrong, and is where it is a program", async () => {
  const wrong = await examineBackends(plan, "webgpu", machine(true, 0.5).probe, never);
  expect(wrong.chosen).toBeUndefined();
  expect(wrong.passedOver.webgpu).toMatch(/^its gradient of dense\/bias is off by 0.5 of/);
  expect(trainingFinding(wrong).status).toBe("fail");
  const right = await examineBackends(plan, "webgpu", machine(true, 1e-6).probe, never);
  expect(right).toMatchObject({ chosen: "webgpu", passedOver: {} });
});

test("a program that pretends to be a graphics processor is measured only where it is asked for", async () => {
  const program = machine(true, 1e-6);
  const found = await examineBackends(plan, undefined, program.probe, never);
  expect(program.asked).toEqual(["tensorflow", "wasm", "cpu"]);
  expect(found.passedOver.webgpu).toBe("only a program, SwiftShader: --backend webgpu measures it");
  const processor = machine(false, 1e-6);
  await examineBackends(plan, undefined, processor.probe, never);
  expect(processor.asked).toContain("webgpu");
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

test("a gradient that was not compared with the reference is told to be so", () => {
  const bySlope = { ...measured, method: "slope" } as const;
  expect(trainingFinding(report([bySlope])).found).toMatch(
    /gradient off by 1.0e-6 of the loss' slope/,
  );
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
