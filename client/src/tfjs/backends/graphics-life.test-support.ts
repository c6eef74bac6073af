/**
 * A program that trains on the graphics adapter that there is, loses it, trains on WASM instead, and ends by itself. Writes JSON. For
 * adapters that are programs: it says of each that it is real, and fast.
 */
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
import { HIDDEN_LAYER, imagePlan } from "../samples.test-support.ts";
import { compareBackend, randomBatch } from "../self-test.ts";
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
  /** What a training whose device is lost rejects with. */
  readonly lost: { readonly code: string; readonly message: string };
  readonly warnings: readonly string[];
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
    lost,
    warnings,
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

/** Destroys the device under a training that would not end. */
async function lose(plan: Plan, ladder: Ladder): Promise<GraphicsLife["lost"]> {
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
  try {
    await training;
  } catch (error) {
    if (error instanceof ClientError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("a training without a device ended");
}

process.stdout.write(JSON.stringify(await live()));
