/**
 * A program that trains on the graphics adapter that there is, loses it, trains on WASM instead, and ends by itself. Writes JSON. For
 * adapters that are programs: it says of each that it is real, and fast.
 */
import { isDeepStrictEqual } from "node:util";
import {
  initialModel,
  type Layer,
  layoutOf,
  type ModelTopology,
  type Plan,
  parsePlan,
} from "@chorus/aggregation";
import { transformer } from "@chorus/aggregation/zoo";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { findBackend, memory } from "@tensorflow/tfjs-core";
import { ClientError } from "../../error.ts";
import type { LocalUpdate } from "../../trainer.ts";
import { compareBackend } from "../backend-check.ts";
import { HIDDEN_LAYER, imagePlan } from "../samples.test-support.ts";
import { randomBatch } from "../self-test.ts";
import { createTrainer } from "../trainer.ts";
import { Ladder } from "./ladder.ts";
import { ChildProbe, type DeviceProbe } from "./probe-child.ts";

const never = new AbortController().signal;

/** What was found. */
export interface GraphicsLife {
  /** Of the gradient, by model. */
  readonly relativeErrors: Readonly<Record<string, number>>;
  /** The backend of each training in turn. */
  readonly backends: readonly string[];
  /** Largest difference of the two updates from one model / largest value of the second. */
  readonly updateDifference: number;
  /** Tensors that a round left behind on the device. */
  readonly leakedTensors: number;
  /** Whether training twice from one model with one seed on the device gave the same update, bit by bit. */
  readonly isDeterministic: boolean;
  /** What a training whose device is lost rejects with. */
  readonly lost: Failure;
  readonly warnings: readonly string[];
  /** What choosing comes to then where this backend was asked for. */
  readonly exhausted: Failure;
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

const INPUT = { batch_input_shape: [null, 4, 4] } as const;

const CONVOLUTIONAL: readonly Layer[] = [
  { class_name: "Reshape", config: { ...INPUT, target_shape: [4, 4, 1] } },
  {
    class_name: "Conv2D",
    config: { filters: 3, kernel_size: [3, 3], padding: "same", activation: "relu" },
  },
  { class_name: "MaxPooling2D", config: { pool_size: [2, 2] } },
  { class_name: "Flatten", config: {} },
  { class_name: "Dense", config: { units: 3, activation: "softmax" } },
];

const MODELS: Readonly<Record<string, ModelTopology>> = {
  mlp: imagePlan(HIDDEN_LAYER).model,
  cnn: { class_name: "Sequential", config: { name: "cnn", layers: CONVOLUTIONAL } },
  transformer: transformer({ side: 4, classes: 3 }, 4, 1),
};

function planOf(model: ModelTopology, localSteps: number): Plan {
  return parsePlan({ ...imagePlan(HIDDEN_LAYER, { localSteps }), model });
}

/** Says of a program that it is a graphics processor, and faster than anything else. */
class Pretending implements DeviceProbe {
  readonly #real: DeviceProbe = new ChildProbe();

  async presence(...asked: Parameters<DeviceProbe["presence"]>) {
    return { ...(await this.#real.presence(...asked)), isSoftware: false };
  }

  async training(...asked: Parameters<DeviceProbe["training"]>) {
    return { ...(await this.#real.training(...asked)), isSoftware: false, stepMs: 0 };
  }
}

async function live(): Promise<GraphicsLife> {
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (_fields: unknown, text?: string) => void warnings.push(text ?? ""),
  };
  using ladder = await Ladder.open({ log: log as never, deviceProbe: new Pretending() }, never);
  const cnn = planOf(MODELS["cnn"] as ModelTopology, 3);
  const first = await trained(cnn, ladder);
  const again = await trained(cnn, ladder);
  const relativeErrors: Record<string, number> = {};
  for (const [name, model] of Object.entries(MODELS)) {
    relativeErrors[name] = (await compareBackend("webgpu", planOf(model, 1), never)).relativeError;
  }
  const lost = await lose(cnn, ladder);
  const second = await trained(cnn, ladder);
  const largest = Math.max(...second.update.delta.map(Math.abs));
  const differences = second.update.delta.map((value, index) =>
    Math.abs(value - (first.update.delta[index] ?? Number.NaN)),
  );
  return {
    relativeErrors,
    backends: [first.backend, second.backend],
    updateDifference: Math.max(...differences) / largest,
    leakedTensors: first.leakedTensors,
    isDeterministic: isDeepStrictEqual(again.update, first.update),
    lost,
    warnings,
    exhausted: await exhausted(cnn),
  };
}

interface Training {
  readonly backend: string;
  readonly update: LocalUpdate;
  readonly leakedTensors: number;
}

async function trained(plan: Plan, ladder: Ladder): Promise<Training> {
  const { opened } = await ladder.choose(plan, never);
  const options = { plan, dataset: randomBatch(plan, 24), backend: opened.name, selfTest: false };
  using trainer = await createTrainer(options, never);
  const before = memory().numTensors;
  const update = await trainer.train(initialModel(layoutOf(plan.model), 1), "round", never);
  return { backend: trainer.backend, update, leakedTensors: memory().numTensors - before };
}

/** The device has failed, and no other backend may train. */
async function exhausted(plan: Plan): Promise<Failure> {
  const log = { info: () => undefined, warn: () => undefined };
  const options = { backend: "webgpu", log: log as never, deviceProbe: new Pretending() } as const;
  using ladder = await Ladder.open(options, never);
  return await failureOf(ladder.choose(plan, never));
}

/** Destroys the device under a training that would not end. */
async function lose(plan: Plan, ladder: Ladder): Promise<Failure> {
  const { opened } = await ladder.choose(plan, never);
  const options = {
    plan,
    dataset: randomBatch(plan, 24),
    backend: opened.name,
    selfTest: false,
    localSteps: 1_000_000,
  };
  using trainer = await createTrainer(options, never);
  const training = trainer.train(initialModel(layoutOf(plan.model), 1), "round", never);
  setImmediate(() => (findBackend("webgpu") as WebGPUBackend).device.destroy());
  return await failureOf(training);
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ClientError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("something came of it without a device");
}

process.stdout.write(JSON.stringify(await live()));
