import {
  isFlat,
  type Soak,
  type SoakModel,
  type SoakTask,
  type SoakWay,
  soakTable,
} from "./soak.ts";

/** What trains, and who is told. */
export interface SoakTools {
  line(text: string): void;
  progress(done: string): void;
  soak(task: SoakTask, signal: AbortSignal): Promise<Soak>;
}

const MODELS: readonly SoakModel[] = ["mlp", "lenet"];

const WAYS: readonly SoakWay[] = ["operations", "static"];

/**
 * Trains every model in every way and prints what was held, also when aborted. Returns the exit code: 1 where memory was kept. Throws
 * as `soak` does.
 */
export async function printSoak(
  steps: number,
  { line, progress, soak }: SoakTools,
  signal: AbortSignal,
): Promise<0 | 1> {
  const soaks: Soak[] = [];
  try {
    for (const model of MODELS) {
      for (const way of WAYS) {
        progress(`${steps} steps: ${model}, ${way}`);
        soaks.push(await soak({ way, model, steps }, signal));
      }
    }
  } finally {
    line(soakTable(soaks));
  }
  return soaks.every(isFlat) ? 0 : 1;
}
