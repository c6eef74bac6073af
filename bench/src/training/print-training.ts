import { mkdir, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { learnDigits } from "./accuracy.ts";
import { TARGETS, type TargetName } from "./accuracy-targets.ts";
import { benchTraining } from "./bench-training.ts";
import { type TrainingTask, trainingTask, trainingUsage } from "./options.ts";
import { isFlat, type Soak, soak, soakTable } from "./soak.ts";
import { impossibleLines, limitTable, partTable, stepTable } from "./training-table.ts";

const line = (text = ""): boolean => process.stdout.write(`${text}\n`);
const progress = (done: string): boolean => process.stderr.write(`${done}\n`);

/** Does what the arguments ask for and prints it. Returns the process' exit code. */
export async function printTraining(args: readonly string[]): Promise<0 | 1 | 2> {
  const task = understood(args);
  return task === undefined ? 2 : await run(task, AbortSignal.timeout(3_600_000));
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
      return await printSpeed(task, signal);
    case "soak":
      return await printSoak(task.steps, signal);
    case "accuracy":
      return await printAccuracy(task.targets, signal);
  }
}

async function printSpeed(
  task: Extract<TrainingTask, { kind: "speed" }>,
  signal: AbortSignal,
): Promise<0> {
  line(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)} at the start`);
  const costs = await benchTraining({ ...task, progress }, signal);
  line("One step, 32 examples, gradient descent; CPU milliseconds, one thread");
  line(stepTable(costs));
  for (const text of impossibleLines(costs)) line(text);
  line();
  line("The same by part; each part on its own");
  line(partTable(costs));
  line();
  line("What products of matrices alone would take: forward, and both gradients");
  line(limitTable(costs));
  const { products, blas } = costs;
  const openBlas =
    blas === undefined ? "OpenBLAS is not present" : `${blas.toFixed(1)} with OpenBLAS`;
  line(`one core: ${products.toFixed(1)} GFLOP/s with our kernels, ${openBlas}`);
  line(`\nwritten to ${await save(costs)}`);
  return 0;
}

async function printSoak(steps: number, signal: AbortSignal): Promise<0 | 1> {
  const soaks: Soak[] = [];
  for (const way of ["operations", "static"] as const) {
    progress(`${steps} steps: ${way}`);
    soaks.push(await soak(way, steps, signal));
  }
  line(soakTable(soaks));
  return soaks.every(isFlat) ? 0 : 1;
}

async function printAccuracy(targets: readonly TargetName[], signal: AbortSignal): Promise<0 | 1> {
  let missed = 0;
  for (const name of targets) {
    const target = TARGETS[name];
    let reached = 0;
    for await (const { epoch, accuracy, meanLoss, cpuSeconds } of learnDigits(target, signal)) {
      reached = accuracy;
      const percent = (100 * accuracy).toFixed(2);
      const [loss, seconds] = [meanLoss.toFixed(4), cpuSeconds.toFixed(1)];
      line(`${name}, epoch ${epoch}: ${percent} %, mean loss ${loss}, ${seconds} s of CPU so far`);
    }
    const holds = reached >= target.wanted;
    line(`${name}: wanted ${100 * target.wanted} %, ${holds ? "reached" : "MISSED"}`);
    missed += holds ? 0 : 1;
  }
  return missed === 0 ? 0 : 1;
}

async function save(results: object): Promise<string> {
  const folder = join(fileURLToPath(new URL("../../..", import.meta.url)), "runs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, "bench-training.json");
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return file;
}
