import { initialModel, layoutOf, type Plan, seededRandom } from "@chorus/aggregation";
import { ClientError, checkBackend, createTrainer } from "@chorus/client";
import { type Check, fail, ok, warn } from "./finding.ts";

const timedSteps = 50;
/** Beyond this a step of the demo's small model takes ten times longer than on an ordinary laptop. */
const slowStepMs = 30;

/** Whether TensorFlow.js computes right gradients for the plan's model here, and how fast it trains it. */
export function checkTraining(plan: Plan): Check {
  return async (signal) => {
    const name = "training backend";
    try {
      const { backend, relativeError } = await checkBackend(plan, signal);
      const stepMs = await timeStep(plan, signal);
      const found = `${backend}: gradient agrees with the reference (relative error ${relativeError.toExponential(1)}), ${stepMs.toFixed(1)} ms a step of ${plan.name}`;
      if (stepMs <= slowStepMs) return ok(name, found);
      return warn(
        name,
        found,
        "Close other programs, or give it a core of its own: training will be slow.",
      );
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      return fail(
        name,
        error.message,
        "Install again with `npm ci`; the WASM files may be damaged.",
      );
    }
  };
}

/** Milliseconds for one step on made-up digits. */
async function timeStep(plan: Plan, signal: AbortSignal): Promise<number> {
  const examples = 1024;
  const noise = new Uint8Array(examples * 784);
  seededRandom("chorus/doctor").fill(noise);
  const dataset = {
    examples,
    features: Float32Array.from(noise, (byte) => byte / 255),
    featureShape: [28, 28],
    labels: Int32Array.from({ length: examples }, (_, index) => index % 10),
  };
  const options = { plan, dataset, localSteps: timedSteps, selfTest: false };
  using trainer = await createTrainer(options, signal);
  const model = initialModel(layoutOf(plan.model), plan.seed);
  await trainer.train(model, "warm-up", signal);
  const before = performance.now();
  await trainer.train(model, "timed", signal);
  return (performance.now() - before) / timedSteps;
}
