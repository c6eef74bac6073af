import { access } from "node:fs/promises";
import { hasCode } from "./error-code.ts";

/** Whether there is such a file or folder. Throws the system's error when that cannot be told. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return false;
    throw error;
  }
}
