/**
 * A program that measures steps through the operations of TensorFlow.js in plain JavaScript, its backend "cpu", of the model
 * named, and writes JSON. On few examples where a step of all takes minutes; what all would take is then extrapolated.
 */
import "@tensorflow/tfjs-backend-cpu";
import { initialModel, type Plan } from "@chorus/aggregation";
import { enableProdMode, setBackend } from "@tensorflow/tfjs-core";
import { Batches } from "../../../data/batches.ts";
import { buildNetwork } from "../../network.ts";
import { OperationStepper } from "../../stepper.ts";
import { cpuMs, median } from "./cpu-time.ts";
import { extrapolatedMs } from "./extrapolation.ts";
import { askedModel, BATCH_SIZE, randomDigits } from "./models.ts";
import type { StepCosts } from "./results.ts";

/** What all steps on full batches may take together, in CPU milliseconds. */
const AFFORDABLE_MS = 20_000;

/** Examples of the two steps that tell what one on all would take: within 3 and 21 % for LeNet-5 and the depthwise CNN. */
const [FEW, MORE] = [2, 6];

async function referenceCosts(plan: Plan): Promise<StepCosts> {
  enableProdMode();
  await setBackend("cpu");
  // The larger first: the smaller one is then as well compiled. Else the line is too flat.
  const more = { examples: MORE, ms: await costs(plan, MORE, 1) };
  const few = { examples: FEW, ms: await costs(plan, FEW, 1) };
  const expectedMs = extrapolatedMs(few, more, BATCH_SIZE);
  const steps = Math.min(5, Math.floor(AFFORDABLE_MS / expectedMs) - 1);
  if (steps < 1) return { totalMs: expectedMs, isExtrapolated: true };
  return { totalMs: await costs(plan, BATCH_SIZE, steps) };
}

/** CPU milliseconds of a step on `examples` examples, the median of `steps` after one that is not counted. */
async function costs(plan: Plan, examples: number, steps: number): Promise<number> {
  const batches = new Batches(randomDigits(), examples, "bench");
  const network = await buildNetwork(plan);
  using stepper = new OperationStepper(network, plan);
  stepper.write(initialModel(network.layout, plan.seed));
  using round = stepper.openRound();
  round.step(batches.next(), "dropout");
  const times: number[] = [];
  for (let step = 0; step < steps; step++) {
    const before = cpuMs();
    round.step(batches.next(), "dropout");
    times.push(cpuMs() - before);
  }
  return median(times);
}

process.stdout.write(JSON.stringify(await referenceCosts(askedModel())));
