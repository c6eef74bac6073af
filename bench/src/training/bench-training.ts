import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { median } from "../masking/cpu-meter.ts";

/** The ways of training that are compared: each is a program of its own, as a process has one WASM backend. */
export const WAYS = ["stock-fit", "operation-steps", "static-steps"] as const;

export type Way = (typeof WAYS)[number];

export const PARTS = ["data", "forward", "backward", "optimizer"] as const;

export type Part = (typeof PARTS)[number];

/** CPU milliseconds of one step, user and system, of the whole process. */
export interface StepCosts {
  readonly totalMs: number;
  /** By part, where the way has such parts. Measured on their own: their sum is not quite the total. */
  readonly parts?: Readonly<Record<Part, number>>;
}

/** What a step of the MLP 784-200-10 at batch 32 costs, plain gradient descent. */
export interface TrainingCosts {
  readonly costs: Readonly<Record<Way, StepCosts>>;
  /** Times less than model.fit on TensorFlow.js' own kernels: the median of runs that took turns. */
  readonly speedUps: Readonly<Record<Way, number>>;
}

/**
 * Runs all ways in turns, `repetitions` times (an odd number), each time in new processes. Rejects when one of these fails, and with
 * the signal's reason when aborted.
 */
export async function benchTraining(
  repetitions: number,
  signal: AbortSignal,
): Promise<TrainingCosts> {
  const turns: Record<Way, StepCosts>[] = [];
  for (let turn = 0; turn < repetitions; turn++) {
    turns.push({
      "stock-fit": await measure("stock-fit", signal),
      "operation-steps": await measure("operation-steps", signal),
      "static-steps": await measure("static-steps", signal),
    });
  }
  const speedUp = (way: Way) =>
    median(turns.map((turn) => turn["stock-fit"].totalMs / turn[way].totalMs));
  return {
    costs: byWay((way) => medianCosts(turns.map((turn) => turn[way]))),
    speedUps: byWay(speedUp),
  };
}

function byWay<T>(of: (way: Way) => T): Record<Way, T> {
  return {
    "stock-fit": of("stock-fit"),
    "operation-steps": of("operation-steps"),
    "static-steps": of("static-steps"),
  };
}

async function measure(way: Way, signal: AbortSignal): Promise<StepCosts> {
  const program = new URL(`../../../client/src/tfjs/static/speed/${way}.ts`, import.meta.url);
  const run = promisify(execFile)(process.execPath, [fileURLToPath(program)], { signal });
  // Written by programs of this repository, which share the type in all but name.
  return JSON.parse((await run).stdout) as StepCosts;
}

function medianCosts(all: readonly StepCosts[]): StepCosts {
  const totalMs = median(all.map((costs) => costs.totalMs));
  const parts = all.flatMap((costs) => costs.parts ?? []);
  if (parts.length === 0) return { totalMs };
  const of = (part: Part) => median(parts.map((costs) => costs[part]));
  return {
    totalMs,
    parts: {
      data: of("data"),
      forward: of("forward"),
      backward: of("backward"),
      optimizer: of("optimizer"),
    },
  };
}
