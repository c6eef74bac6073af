import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isFileError, isMissing } from "./file-errors.ts";

/** Ends the names of files that are being written; what a crash left of them is rubbish. */
const temporarySuffix = ".tmp";

/** A name for a file that is being written, beside the one it will become. */
export function temporaryBeside(path: string): string {
  return `${path}.${randomUUID()}${temporarySuffix}`;
}

/** Whether a name is one that {@link temporaryBeside} makes. */
export function isTemporary(name: string): boolean {
  return name.endsWith(temporarySuffix);
}

/**
 * Makes a folder, and those above it that are missing, for its owner alone. Nothing happens when there is something at
 * that path. (Node's own recursive mkdir reports ENOENT on a read-only disk.)
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (isFileError(error) && error.code === "EEXIST") return;
    if (!isMissing(error) || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/** Makes what was created, renamed and removed in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders; NTFS journals names itself.
  if (process.platform === "win32") return;
  await sync(path, "r");
}

/**
 * Writes a whole file durably: after a crash there is the old file, the new one, or none, never a part. When it throws
 * (with the file system's own error), nothing new is left behind.
 */
export async function writeDurably(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Syncs at once: they share the file system's commits, and a thousand of them take a quarter of the time. */
const concurrentSyncs = 8;

/** Makes a folder with everything in it durable. */
export async function syncTree(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const remaining = entries.values();
  const work = async () => {
    for (const entry of remaining) {
      const child = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) await syncFolder(child);
      else if (entry.isFile()) await sync(child, "r+");
    }
  };
  await Promise.all(Array.from({ length: concurrentSyncs }, work));
  await syncFolder(path);
}

async function sync(path: string, flags: "r" | "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
