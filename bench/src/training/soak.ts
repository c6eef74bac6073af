import { formatBytes, formatTable } from "@chorus/cli";
import { runProgram } from "./programs.ts";

/** What a process that trains holds. */
export interface Held {
  readonly tensors: number;
  /** Of the WASM backend, in bytes: it only grows. */
  readonly heapBytes: number;
  /** Of the whole process, in memory, after a garbage collection. */
  readonly processBytes: number;
}

/** Ways of training; "leaking" keeps a tensor of every step, on purpose. */
export type SoakWay = "operations" | "static" | "leaking";

export interface Soak {
  readonly way: SoakWay;
  readonly steps: number;
  /** After the first thousand steps, and after so many more. */
  readonly before: Held;
  readonly after: Held;
}

/** Trains the MLP in a process of its own. Rejects when that fails, and with the signal's reason when aborted. */
export async function soak(way: SoakWay, steps: number, signal: AbortSignal): Promise<Soak> {
  // Else V8 doubles the room for young objects at some time, which looks like a leak.
  const flags = ["--expose-gc", "--max-semi-space-size=1"];
  const found = await runProgram("soak", [way, String(steps)], signal, flags);
  // Written by a program of this repository, which shares the type in all but name.
  return { way, steps, ...(found as { before: Held; after: Held }) };
}

/** What a process may grow by: compiled code and the allocator's reserves. A tensor a step is more after 10,000 steps. */
const GROWTH_BYTES = 8_000_000;

/** Whether nothing was left behind: tensors and the backend's heap as they were, the process nearly so. */
export function isFlat({ before, after }: Pick<Soak, "before" | "after">): boolean {
  return (
    after.tensors === before.tensors &&
    after.heapBytes === before.heapBytes &&
    after.processBytes - before.processBytes < GROWTH_BYTES
  );
}

/** Ways as rows: what was held before and after. */
export function soakTable(soaks: readonly Soak[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  const change = (before: string, after: string) => `${before} -> ${after}`;
  const rows = soaks.map(({ way, steps, before, after }) => [
    way,
    String(steps),
    change(String(before.tensors), String(after.tensors)),
    change(formatBytes(before.heapBytes), formatBytes(after.heapBytes)),
    change(formatBytes(before.processBytes), formatBytes(after.processBytes)),
    isFlat({ before, after }) ? "yes" : "NO",
  ]);
  const columns = ["steps", "tensors", "WASM heap", "process", "flat"].map(right);
  return formatTable([{ title: "way" }, ...columns], rows);
}
