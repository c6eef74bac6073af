import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * GFLOP/s of OpenBLAS' product of matrices of float32 on one core, or undefined where this machine has no OpenBLAS that
 * Python 3 finds, or no Python 3. Rejects with the signal's reason when aborted.
 */
export async function measureBlas(
  signal: AbortSignal,
  python = "python3",
): Promise<number | undefined> {
  const program = fileURLToPath(new URL("sgemm.py", import.meta.url));
  // Read when the library is loaded: one thread, as everything else is measured with.
  const env = { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" };
  try {
    const { stdout } = await promisify(execFile)(python, [program], { signal, env });
    return (JSON.parse(stdout) as number | null) ?? undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
