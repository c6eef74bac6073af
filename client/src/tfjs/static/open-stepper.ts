import { initialModel, type Plan } from "@chorus/aggregation";
import { backend } from "@tensorflow/tfjs-core";
import type { Logger } from "pino";
import type { Dataset } from "../../data/dataset.ts";
import { ClientError } from "../../error.ts";
import { heapOf } from "../kernels/heap.ts";
import { chooseKernelBuild, openTrainingKernels } from "../kernels/training-kernels.ts";
import { buildNetwork, type Network } from "../network.ts";
import { OperationStepper, type Stepper } from "../stepper.ts";
import { findDisagreement } from "./agreement.ts";
import { lowerModel } from "./lowered-model.ts";
import { StaticProgram } from "./static-program.ts";

/** What is told of the choice. */
export type StepperLog = Pick<Logger, "info" | "warn">;

/**
 * The fastest stepper for a plan on the selected WASM backend that is right: a {@link StaticProgram} where there is one
 * for the model's layers and it agrees with TensorFlow.js' operations on the initial model and `batch`, else those
 * operations, and the log says why. Throws as {@link buildNetwork} does.
 */
export async function openStepper(plan: Plan, batch: Dataset, log?: StepperLog): Promise<Stepper> {
  using stack = new DisposableStack();
  const network = stack.use(await buildNetwork(plan));
  const chosen = await chooseProgram(plan, network, batch, log);
  if (chosen !== undefined) return chosen;
  stack.move();
  return new OperationStepper(network, plan);
}

async function chooseProgram(
  plan: Plan,
  network: Network,
  batch: Dataset,
  log: StepperLog | undefined,
): Promise<StaticProgram | undefined> {
  using stack = new DisposableStack();
  const program = compileProgram(plan, log);
  if (program === undefined) return undefined;
  stack.use(program);
  const model = initialModel(network.layout, plan.seed);
  const difference = await findDisagreement(plan.training, program, network, model, batch);
  if (difference !== undefined) {
    log?.warn({ difference }, "the static plan disagrees with TensorFlow.js, which trains instead");
    return undefined;
  }
  stack.move();
  return program;
}

function compileProgram(plan: Plan, log: StepperLog | undefined): StaticProgram | undefined {
  const model = lowerModel(plan);
  if ("unsupported" in model) {
    log?.info(model, "TensorFlow.js trains, as there is no static plan for a layer");
    return undefined;
  }
  try {
    const heap = heapOf(backend());
    const kernels = openTrainingKernels(heap.memory, chooseKernelBuild());
    return new StaticProgram(model, plan.training, heap, kernels);
  } catch (err) {
    if (!(err instanceof ClientError)) throw err;
    log?.warn({ err }, "the static plan does not open, TensorFlow.js trains instead");
    return undefined;
  }
}
