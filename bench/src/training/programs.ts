import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Models that are measured, by their names in the client's programs. */
export const MODELS = ["mlp", "lenet", "cnn", "depthwise", "lstm", "transformer"] as const;

export type ModelName = (typeof MODELS)[number];

/** Ways of training, each a program of the client: a process has one WASM backend. */
export const WAYS = ["reference-steps", "stock-fit", "operation-steps", "static-steps"] as const;

export type Way = (typeof WAYS)[number];

export const PARTS = ["data", "forward", "backward", "optimizer"] as const;

export type Part = (typeof PARTS)[number];

/** CPU milliseconds of one step, user and system, of the whole process. */
export interface StepCosts {
  readonly totalMs: number;
  /** By part, where the way has such parts. Measured on their own: their sum is not quite the total. */
  readonly parts?: Readonly<Record<Part, number>>;
  /** Millions of multiplications and additions in the products of a step, where the way knows them. */
  readonly megaflops?: number;
}

/** Why a way does not train a model. */
export interface Impossible {
  readonly impossible: string;
}

/** What a way costs. Rejects when its program fails, and with the signal's reason when aborted. */
export async function measureSteps(
  way: Way,
  model: ModelName,
  signal: AbortSignal,
): Promise<StepCosts | Impossible> {
  // Written by programs of this repository, which share the types in all but name.
  return (await runProgram(way, [model], signal)) as StepCosts | Impossible;
}

/** GFLOP/s of our kernel for products of matrices on one core. */
export async function measureProducts(signal: AbortSignal): Promise<number> {
  return (await runProgram("product-speed", [], signal)) as number;
}

/** The JSON that one of the client's programs writes. `flags`: of Node. */
export async function runProgram(
  name: string,
  args: readonly string[],
  signal: AbortSignal,
  flags: readonly string[] = [],
): Promise<unknown> {
  const file = new URL(`../../../client/src/tfjs/static/speed/${name}.ts`, import.meta.url);
  const everything = [...flags, fileURLToPath(file), ...args];
  const run = promisify(execFile)(process.execPath, everything, { signal });
  return JSON.parse((await run).stdout);
}
