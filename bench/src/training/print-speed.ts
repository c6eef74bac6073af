import type { benchTraining, ModelCosts, TrainingCosts } from "./bench-training.ts";
import type { measureBlas } from "./blas.ts";
import type { SpeedTask } from "./options.ts";
import type { measureProducts } from "./programs.ts";
import { againstTargets, targetTable } from "./targets.ts";
import { impossibleLines, limitTable, partTable, stepTable } from "./training-table.ts";

/** What measures, and who is told. */
export interface SpeedTools {
  line(text?: string): void;
  progress(done: string): void;
  /** Keeps results in a file, and returns its name. */
  save(results: object): Promise<string>;
  readonly measureProducts: typeof measureProducts;
  readonly measureBlas: typeof measureBlas;
  readonly benchTraining: typeof benchTraining;
}

/**
 * Measures steps, prints tables and keeps the results. Returns the exit code: 1 where the task is strict and a target was missed.
 * When aborted, prints and keeps what was measured until then, and throws the signal's reason.
 */
export async function printSpeed(
  task: SpeedTask,
  tools: SpeedTools,
  signal: AbortSignal,
): Promise<0 | 1> {
  const products = await tools.measureProducts(signal);
  const blas = await tools.measureBlas(signal);
  const models: ModelCosts[] = [];
  try {
    const bench = { ...task, progress: tools.progress };
    for await (const costs of tools.benchTraining(bench, signal)) models.push(costs);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const costs = { models, products, blas };
  printCosts(costs, tools);
  const targets = againstTargets(costs);
  tools.line(targetTable(targets));
  tools.line(`\nwritten to ${await tools.save({ ...costs, targets })}`);
  signal.throwIfAborted();
  return task.isStrict && targets.some(({ verdict }) => verdict === "MISSED") ? 1 : 0;
}

function printCosts(costs: TrainingCosts, { line }: SpeedTools): void {
  line("One step, 32 examples, gradient descent; CPU milliseconds, one thread");
  line(stepTable(costs));
  if (costs.models.some(({ costs: { "reference-steps": steps } }) => "isExtrapolated" in steps)) {
    line("~ extrapolated from steps on fewer examples");
  }
  for (const text of impossibleLines(costs)) line(text);
  line();
  line('The same by part, each measured on its own; "other": the total less all parts');
  line(partTable(costs));
  line();
  line("What products of matrices alone would take: forward, and both gradients");
  line(limitTable(costs));
  const { products, blas } = costs;
  const openBlas =
    "notMeasured" in blas
      ? `OpenBLAS not measured: ${blas.notMeasured}`
      : `${blas.gigaflops.toFixed(1)} with OpenBLAS`;
  line(`one core: ${products.toFixed(1)} GFLOP/s with our kernels, ${openBlas}`);
  line();
}
