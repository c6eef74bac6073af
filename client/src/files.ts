import { open } from "node:fs/promises";

/** Makes a folder's entries durable: files that were made or renamed in it. Windows needs and knows no such thing. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using directory = await open(path, "r");
  await directory.sync();
}

/** Whether an error is the system's of this code, such as ENOENT. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
