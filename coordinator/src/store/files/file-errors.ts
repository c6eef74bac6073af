import { StoreError } from "../store.ts";

/** What an operator can do about it. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "free some space on that disk",
  EDQUOT: "the disk quota is used up: free some space or raise it",
  EFBIG: "raise the limit on the size of files (ulimit -f)",
  EROFS: "that file system is mounted read-only: mount it writable or choose another directory",
  EACCES: "give the user that runs the coordinator permission to write there",
  EPERM: "give the user that runs the coordinator permission to write there",
  ENOTDIR: "a file is where a directory should be: choose another directory",
  EEXIST: "a file is where a directory should be: choose another directory",
};

/** Whether an error came from the file system: it has a code such as ENOSPC. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && /^E[A-Z]+$/.test(String(error.code));
}

/** Whether an error says that there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return isFileError(error) && error.code === "ENOENT";
}

/**
 * Runs `work`, which writes below `directory`. A file system's refusal becomes a {@link StoreError} `unwritable` that
 * names the directory, the cause and the remedy; any other error passes.
 */
export async function writingTo<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFileError(error)) throw error;
    const remedy = remedies[error.code ?? ""];
    const advice = remedy === undefined ? "" : `; ${remedy}`;
    throw new StoreError("unwritable", `cannot write to ${directory}: ${error.message}${advice}`, {
      cause: error,
    });
  }
}
