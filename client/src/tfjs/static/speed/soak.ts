/**
 * A program that trains for many steps, `soak.ts WAY MODEL STEPS` with WAY one of "operations", "static" and "leaking" and MODEL of
 * {@link soakPlan}, and writes in JSON what the process held before and after. Wants --expose-gc, and --max-semi-space-size=1, as V8 doubles the room
 * for young objects at some time. "leaking" keeps a tensor of every step: what a leak looks like.
 */
import { initialModel, layoutOf, type Plan } from "@chorus/aggregation";
import { backend, memory, type Tensor, zeros } from "@tensorflow/tfjs-core";
import { Batches } from "../../../data/batches.ts";
import { openBackend } from "../../backend.ts";
import { heapOf } from "../../kernels/heap.ts";
import { buildNetwork } from "../../network.ts";
import { OperationStepper, type Stepper } from "../../stepper.ts";
import { openStepper } from "../open-stepper.ts";
import { StaticProgram } from "../static-program.ts";
import { BATCH_SIZE, randomDigits } from "./models.ts";
import type { Held, ProgramResults } from "./results.ts";
import { soakPlan } from "./soak-plans.ts";

/** Steps after which the compilers are done. */
const WARM_UP = 1000;

const WAYS = ["operations", "static", "leaking"] as const;

type Way = (typeof WAYS)[number];

async function soak(way: Way, plan: Plan, steps: number): Promise<ProgramResults["soak"]> {
  await openBackend(new AbortController().signal);
  const batches = new Batches(randomDigits(), BATCH_SIZE, "soak");
  using stepper = await stepperOf(way, plan, batches);
  stepper.write(initialModel(layoutOf(plan.model), plan.seed));
  using round = stepper.openRound();
  const kept: Tensor[] = [];
  const run = async (count: number) => {
    for (let step = 1; step <= count; step++) {
      round.step(batches.next(), `dropout/${step}`);
      if (way === "leaking") kept.push(zeros([1000]));
      if (step % 20 === 0) await round.lossSum();
    }
  };
  await run(WARM_UP);
  const before = held();
  await run(steps);
  return { before, after: held() };
}

async function stepperOf(way: Way, plan: Plan, batches: Batches): Promise<Stepper> {
  if (way === "static") {
    const stepper = await openStepper(plan, batches.next());
    if (stepper instanceof StaticProgram) return stepper;
    throw new Error("the static plan was not chosen");
  }
  return new OperationStepper(await buildNetwork(plan), plan);
}

function held(): Held {
  globalThis.gc?.();
  return {
    tensors: memory().numTensors,
    heapBytes: heapOf(backend()).memory.buffer.byteLength,
    processBytes: process.memoryUsage.rss(),
  };
}

const [asked, model = "", steps] = process.argv.slice(2);
const way = WAYS.find((known) => known === asked);
if (way === undefined) throw new Error(`got "${asked}", wanted ${WAYS.join(", ")}`);
process.stdout.write(JSON.stringify(await soak(way, soakPlan(model), Number(steps))));
