import type { Plan } from "@chorus/aggregation";
import type { Dataset } from "../data/dataset.ts";
import type { BackendName } from "./backends/backend.ts";
import { buildNetwork } from "./network.ts";
import { openStepper, type StepperLog } from "./static/open-stepper.ts";
import { OperationStepper, type Stepper } from "./stepper.ts";

/**
 * The fastest stepper for a plan on the backend that is selected, which is `name`: {@link openStepper} where our kernels are, else the
 * operations of TensorFlow.js. Throws as {@link openStepper} does.
 */
export async function openStepperOn(
  name: BackendName,
  plan: Plan,
  batch: Dataset,
  log?: StepperLog,
): Promise<Stepper> {
  if (name === "wasm") return await openStepper(plan, batch, log);
  return new OperationStepper(await buildNetwork(plan), plan);
}
