/** A program that measures steps through the operations of TensorFlow.js on our kernels, of the model named, and writes JSON. */
import { initialModel, type Plan } from "@chorus/aggregation";
import { tidy, variableGrads } from "@tensorflow/tfjs-core";
import { Batches } from "../../../data/batches.ts";
import { openBackend } from "../../backend.ts";
import { buildNetwork, type Network } from "../../network.ts";
import { openOptimizer } from "../../optimizer.ts";
import { OperationStepper } from "../../stepper.ts";
import { askedModel, BATCH_SIZE, randomDigits } from "./models.ts";
import type { PartCosts, StepCosts } from "./results.ts";
import { PartMeter, pieces, stepMs } from "./step-costs.ts";

async function operationCosts(plan: Plan): Promise<StepCosts> {
  await openBackend(new AbortController().signal);
  const network = await buildNetwork(plan);
  using stepper = new OperationStepper(network, plan);
  stepper.write(initialModel(network.layout, plan.seed));
  const batches = new Batches(randomDigits(), BATCH_SIZE, "bench");
  using round = stepper.openRound();
  const totalMs = await stepMs((steps) => {
    for (let step = 0; step < steps; step++) round.step(batches.next(), "dropout");
  });
  return { totalMs, parts: partCosts(plan, network, batches, pieces(totalMs)) };
}

/** Steps taken to pieces: the forward part is what happens inside the function that is differentiated. */
function partCosts(plan: Plan, network: Network, batches: Batches, steps: number): PartCosts {
  using round = openOptimizer(plan.training, network.variables);
  const meter = new PartMeter();
  for (let step = 0; step < steps; step++) {
    const batch = meter.measure("data", () => batches.next());
    tidy(() => {
      const lossOf = () => meter.measure("forward", () => network.loss(batch, "dropout"));
      const grads = meter.measure(
        "backward",
        () => variableGrads(lossOf, [...network.variables]).grads,
      );
      meter.measure("optimizer", () => round.applyGradients(grads));
    });
    meter.endStep();
  }
  return meter.costs;
}

process.stdout.write(JSON.stringify(await operationCosts(askedModel())));
