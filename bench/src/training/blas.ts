import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** GFLOP/s of OpenBLAS' product of matrices of float32 on one core, or why there is no such number. */
export type BlasSpeed = { readonly gigaflops: number } | { readonly notMeasured: string };

/**
 * Measures OpenBLAS where Python 3 finds one. Whatever else goes wrong there is told in the result: others' software is no reason to
 * lose the measurements of ours. Rejects with the signal's reason when aborted.
 */
export async function measureBlas(signal: AbortSignal, python = "python3"): Promise<BlasSpeed> {
  const program = fileURLToPath(new URL("sgemm.py", import.meta.url));
  // Read when the library is loaded: one thread, as everything else is measured with.
  const env = { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" };
  try {
    const { stdout } = await promisify(execFile)(python, [program], { signal, env });
    return speedIn(JSON.parse(stdout));
  } catch (error) {
    signal.throwIfAborted();
    return { notMeasured: reasonOf(error) };
  }
}

function speedIn(written: unknown): BlasSpeed {
  if (typeof written === "number" && written > 0) return { gigaflops: written };
  return { notMeasured: "this machine has no OpenBLAS that Python 3 finds" };
}

/** In one line. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "this machine has no Python 3";
  const written = "stderr" in error ? String(error.stderr).trim() : "";
  const lastLine = written.split("\n").at(-1) ?? "";
  return `Python 3 failed: ${lastLine === "" ? error.message.split("\n")[0] : lastLine}`;
}
