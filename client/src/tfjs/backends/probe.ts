import { initialModel, layoutOf, type Plan } from "@chorus/aggregation";
import { type BackendCheck, compareBackend } from "../backend-check.ts";
import { randomBatch } from "../self-test.ts";
import type { Stepper } from "../stepper.ts";
import { openStepperOn } from "../stepper-on.ts";
import { requireMemory } from "../training-memory.ts";
import type { BackendName } from "./backend.ts";
import { openRung } from "./open-rung.ts";
import { fastestMs } from "./timing.ts";

/** What a backend makes of a plan on this machine. */
export interface Probe extends BackendCheck {
  readonly device: string;
  readonly isSoftware: boolean;
  /** Milliseconds of one training step of the plan. */
  readonly stepMs: number;
}

/** A backend that cannot be used here, and why. */
export interface Absence {
  readonly backend: BackendName;
  readonly absent: string;
}

/**
 * Opens a backend, compares its gradient on the plan's model with the reference's, and measures a training step on noise: about half a
 * second. Throws as {@link requireMemory} and {@link compareBackend} do.
 */
export async function probeBackend(
  name: BackendName,
  plan: Plan,
  signal: AbortSignal,
): Promise<Probe> {
  requireMemory(name, plan);
  const check = await compareBackend(name, plan, signal);
  const opened = await openRung(name, signal);
  const { device, isSoftware } = opened;
  return await opened.use(async (either) => {
    using stepper = await openStepperOn(name, plan, randomBatch(plan, plan.training.batchSize));
    const stepMs = await trainingStepMs(stepper, plan, either);
    return { ...check, device, isSoftware, stepMs };
  }, signal);
}

/** Milliseconds of one step of a plan's batch size, from the initial model. Throws the signal's reason when aborted. */
async function trainingStepMs(stepper: Stepper, plan: Plan, signal: AbortSignal): Promise<number> {
  const batch = randomBatch(plan, plan.training.batchSize);
  stepper.write(initialModel(layoutOf(plan.model), plan.seed));
  using round = stepper.openRound();
  return await fastestMs(async (times) => {
    signal.throwIfAborted();
    for (let step = 0; step < times; step++) round.step(batch, `step ${step}`);
    await round.lossSum();
  });
}
