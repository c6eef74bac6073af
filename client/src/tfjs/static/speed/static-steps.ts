/** A program that measures steps of a static plan and writes JSON. */
import { initialModel, layoutOf } from "@chorus/aggregation";
import { Batches } from "../../../data/batches.ts";
import { openBackend } from "../../backend.ts";
import { openStepper } from "../open-stepper.ts";
import { StaticProgram } from "../static-program.ts";
import { BATCH_SIZE, MLP_PLAN, randomDigits } from "./digits.ts";
import { type PartCosts, PartMeter, type StepCosts, stepMs } from "./step-costs.ts";

/** Steps a block. */
const STEPS = 100;

async function staticCosts(): Promise<StepCosts> {
  await openBackend(new AbortController().signal);
  const batches = new Batches(randomDigits(), BATCH_SIZE, "bench");
  using program = await openStepper(MLP_PLAN, batches.next());
  if (!(program instanceof StaticProgram)) throw new Error("the static plan was not chosen");
  program.write(initialModel(layoutOf(MLP_PLAN.model), MLP_PLAN.seed));
  using round = program.openRound();
  const run = (steps: number) => {
    for (let step = 0; step < steps; step++) round.step(batches.next(), "dropout");
  };
  return { totalMs: await stepMs(run, STEPS), parts: partCosts(program, batches) };
}

function partCosts(program: StaticProgram, batches: Batches): PartCosts {
  const meter = new PartMeter();
  for (let step = 0; step < 10 * STEPS; step++) {
    meter.measure("data", () => program.load(batches.next()));
    meter.measure("forward", () => program.forward("dropout"));
    meter.measure("backward", () => program.backward());
    meter.measure("optimizer", () => program.update());
    meter.endStep();
  }
  return meter.costs;
}

process.stdout.write(JSON.stringify(await staticCosts()));
