/** A program that measures steps through the operations of TensorFlow.js on our kernels and writes JSON. */
import { initialModel } from "@chorus/aggregation";
import { tidy, variableGrads } from "@tensorflow/tfjs-core";
import { Batches } from "../../../data/batches.ts";
import { openBackend } from "../../backend.ts";
import { buildNetwork, type Network, numberOf } from "../../network.ts";
import { openOptimizer } from "../../optimizer.ts";
import { OperationStepper } from "../../stepper.ts";
import { BATCH_SIZE, MLP_PLAN, randomDigits } from "./digits.ts";
import { type PartCosts, PartMeter, type StepCosts, stepMs } from "./step-costs.ts";

/** Steps a block. */
const STEPS = 60;

const { optimizer } = MLP_PLAN.training;

async function operationCosts(): Promise<StepCosts> {
  await openBackend(new AbortController().signal);
  const network = await buildNetwork(MLP_PLAN);
  using stepper = new OperationStepper(network, optimizer);
  stepper.write(initialModel(network.layout, MLP_PLAN.seed));
  const batches = new Batches(randomDigits(), BATCH_SIZE, "bench");
  using round = stepper.openRound();
  const run = (steps: number) => {
    for (let step = 0; step < steps; step++) round.step(batches.next(), "dropout");
  };
  return { totalMs: await stepMs(run, STEPS), parts: partCosts(network, batches) };
}

/** A step taken to pieces: the forward part is what happens inside the function that is differentiated. */
function partCosts(network: Network, batches: Batches): PartCosts {
  using round = openOptimizer(optimizer);
  const meter = new PartMeter();
  for (let step = 0; step < 10 * STEPS; step++) {
    const batch = meter.measure("data", () => batches.next());
    tidy(() => {
      const lossOf = () => meter.measure("forward", () => network.loss(batch, "dropout"));
      const grads = meter.measure("backward", () => {
        const { value, grads } = variableGrads(lossOf, [...network.variables]);
        numberOf(value);
        return grads;
      });
      meter.measure("optimizer", () => round.optimizer.applyGradients(grads));
    });
    meter.endStep();
  }
  return meter.costs;
}

process.stdout.write(JSON.stringify(await operationCosts()));
