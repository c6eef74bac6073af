import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { openBackend } from "./backend.ts";
import { evaluationBatchOf } from "./evaluation-batch.ts";
import { classifier, node, planOf } from "./models.test-support.ts";
import { buildNetwork } from "./network.ts";
import { OperationStepper } from "./stepper.ts";

beforeAll(() => openBackend(new AbortController().signal));

const residual = classifier(
  [64, 64, 3],
  [
    node("Conv2D", { filters: 16, kernel_size: [1, 1] }, "one"),
    node("Conv2D", { filters: 16, kernel_size: [1, 1] }, "other"),
    node("Add", {}, "sum", ["one", "other"]),
    node("GlobalMaxPooling2D", {}, "layer", ["sum"]),
  ],
);

test("operations evaluate as many large images at a time as have 4 million values in all layers", async () => {
  const plan = planOf(residual, 2, { batchSize: 8 });
  using stepper = new OperationStepper(await buildNetwork(plan), plan);
  // 3 channels of the image and 3 x 16 of the layers, and a few values at the end.
  expect(stepper.evaluationBatch).toBe(Math.floor(4e6 / (51 * 64 * 64 + 16 + 16 + 2)));
});

test("a batch that is evaluated holds at most 256 examples and 4 million values, but never fewer than one that is trained on", () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 1e8 }),
    fc.integer({ min: 1, max: 1000 }),
    (values, batchSize) => {
      const batch = evaluationBatchOf(values, batchSize);
      expect(batch).toBeGreaterThanOrEqual(batchSize);
      if (batch === batchSize) return;
      expect(batch).toBeLessThanOrEqual(256);
      expect(batch * values).toBeLessThanOrEqual(4e6);
    },
  );
  fc.assert(property);
  expect(evaluationBatchOf(10, 8)).toBe(256);
});
