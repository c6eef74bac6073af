/** A program that measures steps of a static plan, of the model named, and writes JSON. */
import { initialModel, layoutOf, type Plan } from "@chorus/aggregation";
import { Batches } from "../../../data/batches.ts";
import { openBackend } from "../../backend.ts";
import { lowerModel } from "../lowered-model.ts";
import { openStepper } from "../open-stepper.ts";
import { StaticProgram } from "../static-program.ts";
import { askedModel, BATCH_SIZE, randomDigits } from "./models.ts";
import { megaflops } from "./product-costs.ts";
import type { Impossible, PartCosts, StepCosts } from "./results.ts";
import { PartMeter, pieces, stepMs } from "./step-costs.ts";

async function staticCosts(plan: Plan): Promise<StepCosts | Impossible> {
  const model = lowerModel(plan);
  if ("unsupported" in model) return { impossible: model.unsupported };
  await openBackend(new AbortController().signal);
  const batches = new Batches(randomDigits(), BATCH_SIZE, "bench");
  using program = await openStepper(plan, batches.next());
  if (!(program instanceof StaticProgram)) throw new Error("the static plan was not chosen");
  program.write(initialModel(layoutOf(plan.model), plan.seed));
  using round = program.openRound();
  const totalMs = await stepMs((steps) => {
    for (let step = 0; step < steps; step++) round.step(batches.next(), "dropout");
  });
  const parts = partCosts(program, batches, pieces(totalMs));
  return { totalMs, parts, megaflops: megaflops(model, BATCH_SIZE) };
}

function partCosts(program: StaticProgram, batches: Batches, steps: number): PartCosts {
  const meter = new PartMeter();
  for (let step = 0; step < steps; step++) {
    meter.measure("data", () => program.load(batches.next()));
    meter.measure("forward", () => program.forward("dropout"));
    meter.measure("backward", () => program.backward());
    meter.measure("optimizer", () => program.update());
    meter.endStep();
  }
  return meter.costs;
}

process.stdout.write(JSON.stringify(await staticCosts(askedModel())));
