import { formatBytes, formatTable } from "@chorus/cli";
import type { Held } from "@chorus/client";
import { runProgram } from "./programs.ts";

/** Ways of training; "leaking" keeps a tensor of every step, on purpose. */
export type SoakWay = "operations" | "static" | "leaking";

/** What is trained: an MLP by plain gradient descent; LeNet-5 with dropout by Adam with FedProx' proximal term. */
export type SoakModel = "mlp" | "lenet";

/** One process. */
export interface SoakTask {
  readonly way: SoakWay;
  readonly model: SoakModel;
  readonly steps: number;
}

export interface Soak extends SoakTask {
  /** After the first thousand steps, and after so many more. */
  readonly before: Held;
  readonly after: Held;
}

/** Trains in a process of its own. Rejects when that fails, and with the signal's reason when aborted. */
export async function soak(task: SoakTask, signal: AbortSignal): Promise<Soak> {
  // Else V8 doubles the room for young objects at some time, which looks like a leak.
  const flags = ["--expose-gc", "--max-semi-space-size=1"];
  const args = [task.way, task.model, String(task.steps)];
  return { ...task, ...(await runProgram("soak", args, signal, flags)) };
}

/**
 * What a process may grow by: compiled code and the allocator's reserves (3 MB at most in 10,000 steps), and half of 800 bytes a step,
 * which is the least that is to be found out in 10,000 steps.
 */
const [GROWTH_BYTES, STEP_BYTES] = [3_500_000, 400];

/** Whether nothing was left behind: tensors and the backend's heap as they were, the process nearly so. */
export function isFlat({
  steps,
  before,
  after,
}: Pick<Soak, "steps" | "before" | "after">): boolean {
  return (
    after.tensors === before.tensors &&
    after.heapBytes === before.heapBytes &&
    after.processBytes - before.processBytes < GROWTH_BYTES + STEP_BYTES * steps
  );
}

/** Models and ways as rows: what was held before and after. */
export function soakTable(soaks: readonly Soak[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const change = (before: string, after: string) => `${before} -> ${after}`;
  const rows = soaks.map(({ way, model, steps, before, after }) => [
    model,
    way,
    String(steps),
    change(String(before.tensors), String(after.tensors)),
    change(formatBytes(before.heapBytes), formatBytes(after.heapBytes)),
    change(formatBytes(before.processBytes), formatBytes(after.processBytes)),
    isFlat({ steps, before, after }) ? "yes" : "NO",
  ]);
  const columns = ["steps", "tensors", "WASM heap", "process", "flat"].map(right);
  return formatTable([{ title: "model" }, { title: "way" }, ...columns], rows);
}
