import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, syncFolder, syncTree } from "../files/durable-files.ts";
import { startEngine, stopEngine } from "./engine.ts";
import { SyncedNodeFs } from "./synced-node-fs.ts";

/** Whether a folder holds a database, of whatever version. */
export function hasCluster(directory: string): boolean {
  return existsSync(join(directory, "PG_VERSION"));
}

/**
 * Makes an empty database in `directory`, which must be empty or missing, all at once: it is made beside it, synced and
 * renamed, so that a crash leaves a whole database or none. Takes seconds (it is PostgreSQL's initdb).
 */
export async function createCluster(directory: string): Promise<void> {
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await makeFolder(unfinished);
  await stopEngine(await startEngine(new SyncedNodeFs(unfinished)));
  await syncTree(unfinished);
  await rename(unfinished, directory);
  await syncFolder(dirname(directory));
}
