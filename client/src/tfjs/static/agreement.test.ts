import type { Layer, Plan } from "@chorus/aggregation";
import { backend } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { openBackend } from "../backend.ts";
import { type Heap, heapOf } from "../kernels/heap.ts";
import type { TrainingKernels } from "../kernels/training-kernels.ts";
import { buildNetwork } from "../network.ts";
import { imagePlan } from "../samples.test-support.ts";
import { findDisagreement } from "./agreement.ts";
import { biasedModel, images, openProgram, PLAIN_LAYERS } from "./programs.test-support.ts";

beforeAll(() => openBackend(new AbortController().signal));

/** What is found where a plan's program computes with other kernels than its operations do. */
async function found(
  plan: Plan,
  change?: (kernels: TrainingKernels, heap: Heap) => TrainingKernels,
): Promise<string | undefined> {
  const heap = heapOf(backend());
  using program = openProgram(plan, heap, (kernels) => change?.(kernels, heap) ?? kernels);
  using network = await buildNetwork(plan);
  return await findDisagreement(
    plan.training,
    program,
    network,
    biasedModel(plan),
    images(8, "batch"),
  );
}

/** Layers of sigmoids one behind the other: a gradient shrinks by more than a half in each. */
function sigmoids(count: number): Plan {
  const layer: Layer = { class_name: "Dense", config: { units: 6, activation: "sigmoid" } };
  const layers: Layer[] = [
    { class_name: "Flatten", config: { batch_input_shape: [null, 4, 3] } },
    ...Array.from({ length: count }, () => layer),
    { class_name: "Dense", config: { units: 3, activation: "softmax" } },
  ];
  return imagePlan(layers, { optimizer: { kind: "adam", learningRate: 0.01 } });
}

/** Kernels that turn the sign of every so manieth sum of columns: the gradient of one bias. */
function turnEvery(period: number): (kernels: TrainingKernels, heap: Heap) => TrainingKernels {
  return (kernels, heap) => {
    let calls = 0;
    return {
      ...kernels,
      columnSums: (x, sums, rows, columns) => {
        kernels.columnSums(x, sums, rows, columns);
        calls++;
        if (calls % period !== 0) return;
        const values = new Float32Array(heap.memory.buffer, sums, columns);
        values.set(values.map((value) => -value));
      },
    };
  };
}

describe.each([2, 4, 8, 10])("behind %i layers of sigmoids", (count) => {
  test("the small gradient of the first bias agrees, and is missed when its sign is turned", async () => {
    const plan = sigmoids(count);
    expect(await found(plan)).toBeUndefined();
    // Backwards: the classes' bias comes first, the first layer's last.
    expect(await found(plan, turnEvery(count + 1))).toMatch(
      /^the gradient of dense_2\/bias is off/,
    );
  });
});

test("a loss that is off by a hundredth is found, though the gradient is right", async () => {
  const plan = imagePlan(PLAIN_LAYERS);
  expect(
    await found(plan, (kernels) => ({
      ...kernels,
      softmaxCrossEntropy: (...operands) => 1.01 * kernels.softmaxCrossEntropy(...operands),
    })),
  ).toMatch(/^the loss is [\d.]+, wanted [\d.]+$/);
});
