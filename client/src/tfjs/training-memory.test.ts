import type { ModelTopology, Plan } from "@chorus/aggregation";
import { expect, test } from "vitest";
import { emptyDataset } from "../data/dataset.ts";
import { ClientError } from "../error.ts";
import { classifier, node, planOf } from "./models.test-support.ts";
import { createTrainer } from "./trainer.ts";
import { requireMemory } from "./training-memory.ts";

const NEVER = new AbortController().signal;

const CONVOLUTION = classifier(
  [128, 128, 3],
  [
    node("Conv2D", { filters: 64, kernel_size: [3, 3] }, "before"),
    node("GlobalMaxPooling2D", {}, "layer", ["before"]),
  ],
);

function lstm(units: number): ModelTopology {
  return classifier([1024, 16], [node("LSTM", { units })]);
}

function refusal(plan: Plan): ClientError | undefined {
  try {
    requireMemory("wasm", plan);
    return undefined;
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}

test.each([
  ["a convolution over large images", CONVOLUTION],
  ["a recurrent layer, whose steps are all kept", lstm(64)],
])("%s is refused from some batchSize on, which is named", (_, model) => {
  const error = refusal(planOf(model, 2, { batchSize: 1000 }));
  expect(error?.code).toBe("too-large");
  const batchSize = Number(/a batchSize of (\d+), or/.exec(error?.message ?? "")?.[1]);
  expect(refusal(planOf(model, 2, { batchSize }))).toBeUndefined();
  expect(refusal(planOf(model, 2, { batchSize: batchSize + 1 }))?.code).toBe("too-large");
  expect(batchSize).toBeGreaterThan(32);
});

test("a recurrent layer whose gradients of all steps do not fit is refused with any batchSize", () => {
  // 1024 gradients of 1.2 million weights each: WASM ran out of memory with two examples.
  const error = refusal(planOf(lstm(512), 2, { batchSize: 1 }));
  expect(error?.message).toMatch(/: a smaller model$/);
});

test("what has a memory of its own is not asked for less", () => {
  expect(() => requireMemory("webgpu", planOf(lstm(512), 2))).not.toThrow();
});

test("no trainer is made for what does not fit", async () => {
  const plan = planOf(CONVOLUTION, 2, { batchSize: 1000 });
  const dataset = emptyDataset(8, [128, 128, 3]);
  await expect(createTrainer({ plan, dataset }, NEVER)).rejects.toMatchObject({
    name: "ClientError",
    code: "too-large",
    message: expect.stringContaining("batchSize 1000 needs some"),
  });
});
