import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The files below a folder that hold one of these byte strings anywhere. */
export async function filesWith(
  wanted: readonly Uint8Array[],
  folder: string,
): Promise<readonly string[]> {
  const patterns = wanted.map((bytes) => Buffer.from(bytes));
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path);
    if (patterns.some((pattern) => content.includes(pattern))) found.push(path);
  }
  return found;
}
