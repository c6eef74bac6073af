import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes a folder's entries durable: files that were made or renamed in it. Windows needs and knows no such thing. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using directory = await open(path, "r");
  await directory.sync();
}

/**
 * Puts a file that only its owner may read in the place of any that is there: after a crash there is the one or the other,
 * and it is on disk when this resolves. Leaves no draft when it fails.
 */
export async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  const draft = `${path}.draft`;
  try {
    await writeDurably(draft, content);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  await using file = await open(path, "w", 0o600);
  await file.writeFile(content);
  await file.sync();
}

/** Whether an error is the system's of this code, such as ENOENT. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
