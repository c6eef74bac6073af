import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { learnDigits } from "./accuracy.ts";
import { benchTraining } from "./bench-training.ts";
import { measureBlas } from "./blas.ts";
import { type TrainingTask, trainingTask, trainingUsage } from "./options.ts";
import { printAccuracy } from "./print-accuracy.ts";
import { printSoak } from "./print-soak.ts";
import { printSpeed } from "./print-speed.ts";
import { measureProducts } from "./programs.ts";
import { soak } from "./soak.ts";

/** What a run of the bench may take. */
const LIMIT_MS = 3_600_000;

const line = (text = ""): void => void process.stdout.write(`${text}\n`);
const progress = (done: string): void => void process.stderr.write(`${done}\n`);

/** Does what the arguments ask for and prints it. Returns the process' exit code. */
export async function printTraining(args: readonly string[]): Promise<0 | 1 | 2> {
  const task = understood(args);
  if (task === undefined) return 2;
  const signal = AbortSignal.timeout(LIMIT_MS);
  try {
    return await run(task, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    progress(`stopped after ${LIMIT_MS / 60_000} minutes, before all was measured`);
    return 1;
  }
}

/** Undefined where the arguments make no sense, which is printed. */
function understood(args: readonly string[]): TrainingTask | undefined {
  try {
    return trainingTask(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${trainingUsage}`);
    return undefined;
  }
}

async function run(task: TrainingTask, signal: AbortSignal): Promise<0 | 1> {
  switch (task.kind) {
    case "help":
      process.stdout.write(trainingUsage);
      return 0;
    case "speed":
      line(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start`);
      return await printSpeed(
        task,
        { line, progress, save, measureProducts, measureBlas, benchTraining },
        signal,
      );
    case "soak":
      return await printSoak(task.steps, { line, progress, soak }, signal);
    case "accuracy":
      return await printAccuracy(task.targets, { line, learnDigits }, signal);
  }
}

async function save(results: object): Promise<string> {
  const folder = join(fileURLToPath(new URL("../../..", import.meta.url)), "runs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench-training.json");
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}
