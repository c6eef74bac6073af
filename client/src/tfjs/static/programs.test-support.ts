import { initialModel, type Layer, type Plan } from "@chorus/aggregation";
import { backend } from "@tensorflow/tfjs-core";
import { type Dataset, emptyDataset } from "../../data/dataset.ts";
import { ClientError } from "../../error.ts";
import { type Heap, heapOf } from "../kernels/heap.ts";
import {
  chooseKernelBuild,
  openTrainingKernels,
  type TrainingKernels,
} from "../kernels/training-kernels.ts";
import { buildNetwork } from "../network.ts";
import { imagesByRow } from "../samples.test-support.ts";
import { OperationStepper } from "../stepper.ts";
import { lowerModel } from "./lowered-model.ts";
import type { StepperLog } from "./open-stepper.ts";
import { StaticProgram } from "./static-program.ts";

const INPUT = { batch_input_shape: [null, 4, 3] as const };

/** Layers from images of 4 x 3 pixels to three classes, all of which have a static plan. */
export const STATIC_LAYERS: readonly Layer[] = [
  { class_name: "Flatten", config: INPUT },
  { class_name: "Dense", config: { units: 7, activation: "relu" } },
  { class_name: "Dropout", config: { rate: 0.25 } },
  { class_name: "Dense", config: { units: 6, use_bias: false } },
  { class_name: "Activation", config: { activation: "relu" } },
  { class_name: "Dense", config: { units: 3, activation: "softmax" } },
];

/** The same without anything random. */
export const PLAIN_LAYERS: readonly Layer[] = STATIC_LAYERS.filter(
  ({ class_name }) => class_name !== "Dropout",
);

/** A program for a plan, on the selected backend's heap or another, and on other kernels. Throws an Error where it has none. */
export function openProgram(
  plan: Plan,
  heap: Heap = heapOf(backend()),
  change: (kernels: TrainingKernels) => TrainingKernels = (kernels) => kernels,
): StaticProgram {
  const model = lowerModel(plan);
  if ("unsupported" in model) throw new Error(model.unsupported);
  const kernels = openTrainingKernels(heap.memory, chooseKernelBuild());
  return new StaticProgram(model, plan.training, heap, change(kernels));
}

/** The selected backend's heap with a list of what is allocated. It is full after `room` blocks. */
export function countingHeap(room = 1000): { readonly heap: Heap; readonly live: Set<number> } {
  const { memory, allocate, free } = heapOf(backend());
  const live = new Set<number>();
  const heap: Heap = {
    memory,
    allocate: (bytes) => {
      if (live.size === room) throw new ClientError("backend-failed", "no memory");
      const address = allocate(bytes);
      live.add(address);
      return address;
    },
    free: (address) => {
      live.delete(address);
      free(address);
    },
  };
  return { heap, live };
}

export async function openOperations(plan: Plan): Promise<OperationStepper> {
  return new OperationStepper(await buildNetwork(plan), plan);
}

/** The plan's initial model with biases that are not 0. */
export function biasedModel(plan: Plan): Float32Array {
  const model = lowerModel(plan);
  if ("unsupported" in model) throw new Error(model.unsupported);
  return initialModel(model.layout, plan.seed).map((value, index) =>
    value === 0 ? 0.1 * Math.sin(index) : value,
  );
}

/** Images for plans of three classes. */
export function images(examples: number, seed: string): Dataset {
  return imagesByRow(examples, seed);
}

/** Points of two numbers whose class is whether the first is the larger. */
export function points(examples: number): Dataset {
  const dataset = emptyDataset(examples, [2]);
  for (let example = 0; example < examples; example++) {
    const [x, y] = [Math.sin(3 * example), Math.cos(5 * example)];
    dataset.features.set([x, y], 2 * example);
    dataset.labels[example] = x > y ? 1 : 0;
  }
  return dataset;
}

/** Largest difference / largest of `wanted`. */
export function relativeDifference(got: Float32Array, wanted: Float32Array): number {
  let [difference, largest] = [0, 0];
  for (const [index, value] of wanted.entries()) {
    difference = Math.max(difference, Math.abs((got[index] ?? Number.NaN) - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}

/** A log that keeps what it is told, level first. */
export function listeningLog(): { readonly log: StepperLog; readonly told: unknown[][] } {
  const told: unknown[][] = [];
  const log = {
    info: (...said: unknown[]) => void told.push(["info", ...said]),
    warn: (...said: unknown[]) => void told.push(["warn", ...said]),
  };
  return { log, told };
}
