import { initialModel, layoutOf } from "@chorus/aggregation";
import { backend } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { ClientError } from "../error.ts";
import { openBackend } from "./backend.ts";
import { heapOf } from "./kernels/heap.ts";
import { HIDDEN_LAYER, imagePlan, imagesByRow } from "./samples.test-support.ts";
import { createTrainer } from "./trainer.ts";

const NEVER = new AbortController().signal;

/** Takes all of WASM's memory, of which the machine gives no page before it is written. */
function exhaustMemory(): void {
  const heap = heapOf(backend());
  for (let bytes = 2 ** 30; bytes >= 16; ) {
    try {
      heap.allocate(bytes);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      bytes /= 2;
    }
  }
}

// One test: the process has no WASM any more then.
test("a WASM that runs out of memory in a round is not used again, and the trainer can be let go", async () => {
  const plan = imagePlan(HIDDEN_LAYER);
  const model = initialModel(layoutOf(plan.model), 1);
  const lost = {
    name: "ClientError",
    code: "backend-failed",
    message: expect.stringContaining("Wanted a smaller batchSize or model"),
  };
  {
    using trainer = await createTrainer({ plan, dataset: imagesByRow(80, "site") }, NEVER);
    using other = await createTrainer({ plan, dataset: imagesByRow(80, "other") }, NEVER);
    exhaustMemory();
    await expect(trainer.train(model, "round", NEVER)).rejects.toMatchObject(lost);
    await expect(trainer.evaluate(model, NEVER)).rejects.toMatchObject(lost);
    await expect(other.evaluate(model, NEVER)).rejects.toMatchObject(lost);
  }
  await expect(openBackend(NEVER)).rejects.toMatchObject(lost);
});
