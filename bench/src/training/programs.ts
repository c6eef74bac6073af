import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Impossible, Part, ProgramResults, StepCosts } from "@chorus/client";

/** Models that are measured, by their names in the client's programs. */
export const MODELS = ["mlp", "lenet", "cnn", "depthwise", "lstm", "transformer"] as const;

export type ModelName = (typeof MODELS)[number];

/** Ways of training, each a program of the client: a process has one WASM backend. */
export const WAYS = ["reference-steps", "stock-fit", "operation-steps", "static-steps"] as const;

export type Way = (typeof WAYS)[number];

export const PARTS: readonly Part[] = ["data", "forward", "backward", "optimizer"];

/** What a way costs. Rejects when its program fails, and with the signal's reason when aborted. */
export async function measureSteps(
  way: Way,
  model: ModelName,
  signal: AbortSignal,
): Promise<StepCosts | Impossible> {
  return await runProgram(way, [model], signal);
}

/** GFLOP/s of our kernel for products of matrices on one core. */
export async function measureProducts(signal: AbortSignal): Promise<number> {
  return await runProgram("product-speed", [], signal);
}

/** What one of the client's programs writes. `flags`: of Node. Rejects when it fails, and when aborted. */
export async function runProgram<Name extends keyof ProgramResults>(
  name: Name,
  args: readonly string[],
  signal: AbortSignal,
  flags: readonly string[] = [],
): Promise<ProgramResults[Name]> {
  const file = new URL(`../../../client/src/tfjs/static/speed/${name}.ts`, import.meta.url);
  const everything = [...flags, fileURLToPath(file), ...args];
  const run = promisify(execFile)(process.execPath, everything, { signal });
  // Programs of this repository, held to the type where they are written.
  return JSON.parse((await run).stdout) as ProgramResults[Name];
}
