import type { Layer, Plan } from "@chorus/aggregation";
import {
  backend,
  getKernel,
  type KernelFunc,
  memory,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { heapOf } from "../kernels/heap.ts";
import { buildNetwork } from "../network.ts";
import { binaryPlan, HIDDEN_LAYER, imagePlan } from "../samples.test-support.ts";
import { OperationStepper } from "../stepper.ts";
import { findDisagreement } from "./agreement.ts";
import { openStepper } from "./open-stepper.ts";
import {
  biasedModel,
  images,
  listeningLog,
  openProgram,
  points,
  STATIC_LAYERS,
} from "./programs.test-support.ts";
import { StaticProgram } from "./static-program.ts";

beforeAll(() => openBackend(new AbortController().signal));

const BATCH = images(8, "batch");

const OPTIMIZERS: Plan["training"]["optimizer"][] = [
  { kind: "sgd", learningRate: 0.5, momentum: 0 },
  { kind: "sgd", learningRate: 1e-6, momentum: 0.9 },
  { kind: "adam", learningRate: 0.01 },
];

/** Runs with what a kernel of the WASM backend returns replaced by zeros. */
async function withZeros(name: string, run: () => Promise<void>): Promise<void> {
  const kernel = getKernel(name, "wasm");
  const kernelFunc: KernelFunc = (call) => {
    const x = [kernel.kernelFunc(call)].flat()[0];
    if (x === undefined) return [];
    return getKernel("ZerosLike", "wasm").kernelFunc({ inputs: { x }, backend: call.backend });
  };
  unregisterKernel(name, "wasm");
  registerKernel({ ...kernel, kernelFunc });
  try {
    await run();
  } finally {
    unregisterKernel(name, "wasm");
    registerKernel(kernel);
  }
}

describe("a plan is trained", () => {
  test.each(OPTIMIZERS)(
    "statically with %o, where it can be, and nothing is said",
    async (optimizer) => {
      const { log, told } = listeningLog();
      const layers = imagePlan(STATIC_LAYERS, { optimizer });
      const steppers = [
        await openStepper(layers, BATCH, log),
        await openStepper(binaryPlan({ optimizer }), points(8), log),
      ];
      for (using stepper of steppers) expect(stepper).toBeInstanceOf(StaticProgram);
      expect(told).toEqual([]);
    },
  );

  test("by operations where a layer has no static plan, and the log names it", async () => {
    const { log, told } = listeningLog();
    using stepper = await openStepper(imagePlan(HIDDEN_LAYER), BATCH, log);
    expect(stepper).toBeInstanceOf(OperationStepper);
    expect(told).toEqual([
      [
        "info",
        { unsupported: "layer 2 (Dense) has the activation elu" },
        "TensorFlow.js trains, as there is no static plan for a layer",
      ],
    ]);
  });

  test("by operations where these compute something else, with one warning", async () => {
    await withZeros("BatchMatMul", async () => {
      const { log, told } = listeningLog();
      using stepper = await openStepper(imagePlan(STATIC_LAYERS), BATCH, log);
      expect(stepper).toBeInstanceOf(OperationStepper);
      expect(told).toHaveLength(1);
      expect(told[0]?.[0]).toBe("warn");
    });
  });

  test("by operations where the heap has no room, with one warning", async () => {
    const { log, told } = listeningLog();
    const layers: Layer[] = [
      { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
      { class_name: "Dense", config: { units: 100_000, activation: "relu" } },
      { class_name: "Dense", config: { units: 3, activation: "softmax" } },
    ];
    const plan = imagePlan(layers, { batchSize: 50_000 });
    using stepper = await openStepper(plan, BATCH, log);
    expect(stepper).toBeInstanceOf(OperationStepper);
    expect(told.map(([level]) => level)).toEqual(["warn"]);
  });

  test("without leaving tensors or memory behind, whichever way was chosen", async () => {
    const plans = [imagePlan(STATIC_LAYERS), imagePlan(HIDDEN_LAYER)];
    const openAll = async () => {
      for (const plan of plans) (await openStepper(plan, BATCH))[Symbol.dispose]();
    };
    await openAll();
    const before = { ...memory(), heap: heapOf(backend()).memory.buffer.byteLength };
    for (let time = 0; time < 20; time++) await openAll();
    expect({ ...memory(), heap: heapOf(backend()).memory.buffer.byteLength }).toEqual(before);
  });

  test("no more once disposed of, so that nobody else's memory is written", async () => {
    const plan = imagePlan(STATIC_LAYERS);
    const stepper = await openStepper(plan, BATCH);
    stepper[Symbol.dispose]();
    expect(() => stepper.write(biasedModel(plan))).toThrow("disposed");
    await expect(stepper.evaluate(BATCH)).rejects.toThrow("disposed");
    await expect(stepper.read()).rejects.toThrow("disposed");
  });
});

/** What is found when a plan's program and another plan's operations are compared. */
async function compare(program: Plan, operations: Plan): Promise<string | undefined> {
  using compared = openProgram(program);
  using network = await buildNetwork(operations);
  return await findDisagreement(
    operations.training,
    compared,
    network,
    biasedModel(program),
    BATCH,
  );
}

function withLayer(index: number, layer: Layer): Layer[] {
  return STATIC_LAYERS.map((known, at) => (at === index ? layer : known));
}

describe("a program and operations disagree", () => {
  const plan = imagePlan(STATIC_LAYERS);

  test("never for the same plan", async () => {
    for (const optimizer of OPTIMIZERS) {
      const same = imagePlan(STATIC_LAYERS, { optimizer });
      expect(await compare(same, same)).toBeUndefined();
    }
  });

  test("never in a step that is lost in the rounding of some of many weights", async () => {
    const layers = withLayer(1, {
      class_name: "Dense",
      config: { units: 20_000, activation: "relu" },
    });
    for (const learningRate of [1e-2, 1e-4, 3e-5, 1e-5]) {
      const optimizer = { kind: "sgd", learningRate, momentum: 0 } as const;
      const same = imagePlan(layers, { optimizer });
      expect(await compare(same, same)).toBeUndefined();
    }
  });

  test("in a gradient, by name, for another activation or another dropout", async () => {
    const linear = imagePlan(
      withLayer(4, { class_name: "Activation", config: { activation: "linear" } }),
    );
    const rate = imagePlan(withLayer(2, { class_name: "Dropout", config: { rate: 0.3 } }));
    expect(await compare(linear, plan)).toMatch(
      /^the gradient of dense_\d\/(kernel|bias) is off by/,
    );
    expect(await compare(rate, plan)).toMatch(/^the gradient of dense_\d\/(kernel|bias) is off by/);
  });

  test("in the step, by name, for an optimiser or a learning rate that differs by a hundredth", async () => {
    for (const [index, optimizer] of OPTIMIZERS.entries()) {
      const learningRate = 1.01 * optimizer.learningRate;
      const faster = imagePlan(STATIC_LAYERS, { optimizer: { ...optimizer, learningRate } });
      // A step of 1e-6 of the gradient is lost in the weights' rounding.
      if (index === 1) continue;
      const right = imagePlan(STATIC_LAYERS, { optimizer });
      expect(await compare(faster, right)).toMatch(
        /^the optimiser's steps of dense_2\/kernel are off/,
      );
    }
  });

  test("in the second step where only one of them draws weights back", async () => {
    const drawn = imagePlan(STATIC_LAYERS, { proximal: 0.1 });
    expect(await compare(drawn, drawn)).toBeUndefined();
    for (const pair of [[drawn, plan] as const, [plan, drawn] as const]) {
      expect(await compare(...pair)).toMatch(/^the optimiser's steps of dense_2\/kernel are off/);
    }
  });

  test("where anything is not a number", async () => {
    using program = openProgram(plan);
    using network = await buildNetwork(plan);
    const model = biasedModel(plan).fill(Number.NaN, 0, 3);
    expect(await findDisagreement(plan.training, program, network, model, BATCH)).toMatch(
      /^the gradient of .* is off by NaN/,
    );
  });
});
