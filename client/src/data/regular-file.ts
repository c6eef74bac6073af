import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { ClientError } from "../error.ts";
import { unreadable } from "./unreadable.ts";

/**
 * The size of a file with data, in bytes. Throws {@link ClientError} `unreadable` where the system refuses and for anything
 * but a regular file: whoever opens a pipe waits for its other end for ever, and nothing interrupts that.
 */
export async function regularFileBytes(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (found.isFile()) return found.size;
  throw new ClientError("unreadable", `${path} is ${kindOf(found)}, wanted a regular file`);
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a pipe";
  return found.isSocket() ? "a socket" : "a device";
}
