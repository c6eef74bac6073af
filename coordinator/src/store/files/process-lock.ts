import { link, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StoreError } from "../store.ts";
import { temporaryBeside } from "./durable-files.ts";
import { isFileError, isMissing } from "./file-errors.ts";
import { isRunning, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

const holderSchema: z.ZodType<ProcessIdentity> = z.object({
  pid: z.int().min(1),
  started: z.string(),
});

/**
 * A folder that one process at a time may use. The lock is a file `lock.<n>` with the holder's pid and start time; who
 * takes it over from a dead or finished holder makes `lock.<n+1>`, which only one can, and then removes the older ones.
 * The newest file is never removed, so that a slow second taker cannot mistake an old state for the present one.
 */
export class ProcessLock implements AsyncDisposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws {@link StoreError} `locked`, naming the process, while another holder runs (or this process does). */
  static async acquire(folder: string): Promise<ProcessLock> {
    const own = temporaryBeside(join(folder, "lock"));
    try {
      await writeFile(own, JSON.stringify(await ownIdentity()), { mode: 0o600, flag: "wx" });
      for (;;) {
        const generation = await tryToTake(folder, own);
        if (generation !== undefined) return new ProcessLock(lockPath(folder, generation));
      }
    } finally {
      await rm(own, { force: true });
    }
  }

  /** Lets go. An empty lock file belongs to nobody. */
  async [Symbol.asyncDispose](): Promise<void> {
    await truncate(this.#path, 0);
  }
}

/** Undefined when somebody else was faster: then the newest lock is another one. */
async function tryToTake(folder: string, own: string): Promise<number | undefined> {
  const generations = await generationsIn(folder);
  const newest = Math.max(0, ...generations);
  await checkFree(folder, newest);
  const mine = newest + 1;
  if (!(await linkIfFree(own, lockPath(folder, mine)))) return undefined;
  // Whoever was faster by two has removed the file that would have been in the way.
  if (Math.max(...(await generationsIn(folder))) > mine) {
    await rm(lockPath(folder, mine));
    return undefined;
  }
  for (const old of generations) await rm(lockPath(folder, old), { force: true });
  return mine;
}

function lockPath(folder: string, generation: number): string {
  return join(folder, `lock.${generation}`);
}

async function generationsIn(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const digits = /^lock\.(\d+)$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

async function checkFree(folder: string, generation: number): Promise<void> {
  const holder = await holderOf(lockPath(folder, generation));
  if (holder === undefined || !(await isRunning(holder))) return;
  const who = holder.pid === process.pid ? "this process" : `process ${holder.pid}`;
  throw new StoreError(
    "locked",
    `${folder} is in use by ${who}: stop it, or choose another directory`,
  );
}

/** Undefined when there is no such lock, or it is nobody's. */
async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return holderSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch (error) {
    // A lock file appears whole, so one that is not JSON was let go or cut by a power failure.
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function linkIfFree(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (error) {
    if (isFileError(error) && error.code === "EEXIST") return false;
    throw error;
  }
}
