import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { AnsweredColumns } from "./answered-columns.ts";
import type { CreateTrainer } from "./session/trainers.ts";
import { siteTrainer } from "./site-trainer.ts";
import { PLAN, PLAN_HASH, RUN_ID } from "./testing/tiny-round.ts";
import { openRung } from "./tfjs/backends/open-rung.ts";

const NEVER = new AbortController().signal;

let directory = "";
let dataPath = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "site-trainer-"));
  dataPath = join(directory, "site.csv");
  const rows = Array.from({ length: 30 }, (_, i) => `${i},1,0,2,${"xyz"[i % 3]}`);
  await writeFile(dataPath, ["a,b,c,d,kind", ...rows].join("\n"));
});
afterAll(() => rm(directory, { recursive: true }));

// A WASM backend whose matrix products are all zeros.
let right: ReturnType<typeof getKernel>;
beforeEach(async () => {
  await openRung("wasm", NEVER);
  right = getKernel("BatchMatMul", "wasm");
  unregisterKernel("BatchMatMul", "wasm");
  registerKernel({
    ...right,
    kernelFunc: (asked) => {
      const product = right.kernelFunc(asked);
      if (Array.isArray(product)) return product;
      return getKernel("ZerosLike", "wasm").kernelFunc({ ...asked, inputs: { x: product } });
    },
  });
});
afterEach(() => {
  unregisterKernel("BatchMatMul", "wasm");
  registerKernel(right);
});

/** `isChecked`: what the ladder says of the gradient. */
async function trainerOf(isChecked: boolean): ReturnType<CreateTrainer> {
  const create = siteTrainer({
    log: pino({ level: "silent" }),
    storage: { limitBytes: 1e6, directory },
    ladder: { choose: async () => ({ opened: await openRung("wasm", NEVER), isChecked }) },
    answered: await AnsweredColumns.open(directory, { mayRepeat: false }),
  });
  return await create({ runId: RUN_ID, plan: PLAN, planHash: PLAN_HASH }, dataPath, NEVER);
}

test("a backend that the ladder has not compared is compared before it trains", async () => {
  await expect(trainerOf(false)).rejects.toMatchObject({
    code: "backend-failed",
    message: expect.stringContaining("gradient of dense"),
  });
});

test("a backend that the ladder has compared is not compared again", async () => {
  using trainer = await trainerOf(true);
  expect(trainer.backend).toBe("wasm");
});
