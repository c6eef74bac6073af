import { PGlite, type PGliteOptions } from "@electric-sql/pglite";
import { StoreError } from "../store.ts";
import { stopOnFatal } from "./stop-on-fatal.ts";
import type { SyncedNodeFs } from "./synced-node-fs.ts";

/** PostgreSQL's settings that are ours. */
const settings = [
  // fdatasync, the default, never reaches the disk in PGlite.
  "wal_sync_method=fsync",
  // The tables are small: 16 MiB of buffers instead of 128, and a log of a few segments.
  "shared_buffers=16MB",
  "min_wal_size=2MB",
  "max_wal_size=16MB",
];

/** A log of 1 MiB segments instead of 16: the least disk that a change can need at once. */
const initialisation = ["--wal-segsize=1"];

/** How the C library words ENOSPC, EDQUOT, EROFS, EACCES and EIO. */
const diskReasons = /No space left|quota exceeded|Read-only file|Permission denied|I\/O error/;

/** A running PostgreSQL, in this process. */
export interface Engine {
  readonly pglite: PGlite;
  /** Undefined for a database in memory. */
  readonly files: SyncedNodeFs | undefined;
  /** What it died of; undefined while it lives. */
  death(): string | undefined;
}

/**
 * Starts PostgreSQL over a folder, making the database there when the folder is empty, or in memory.
 * Throws {@link StoreError} `damaged` or `unwritable` when it refuses the folder, with its last words.
 */
export async function startEngine(files: SyncedNodeFs | undefined): Promise<Engine> {
  const lines: string[] = [];
  const onStderr = (line: string) => {
    lines.push(line);
    if (lines.length > 50) lines.shift();
    return true;
  };
  const pglite = await PGlite.create({ ...options(files), onStderr }).catch((cause: unknown) => {
    const directory = files?.directory ?? "memory";
    const reason = lastWords(lines) ?? String(cause);
    const code = diskReasons.test(reason) ? "unwritable" : "damaged";
    throw new StoreError(code, `the database in ${directory} does not start: ${reason}`, { cause });
  });
  const isDead = stopOnFatal(pglite);
  const death = () => (isDead() ? (lastWords(lines) ?? "it stopped without a word") : undefined);
  return { pglite, files, death };
}

function options(files: SyncedNodeFs | undefined): PGliteOptions {
  // "-F" turns fsync off.
  const defaults = PGlite.defaultStartParams.filter((parameter) => parameter !== "-F");
  const startParams = [...defaults, ...settings.flatMap((setting) => ["-c", setting])];
  const common = { startParams, initDbStartParams: initialisation, relaxedDurability: false };
  return files === undefined ? common : { ...common, fs: files };
}

/** The last thing that PostgreSQL said before it died, without its time stamp. */
function lastWords(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /(PANIC|FATAL): /.test(line))?.replace(/^.*(PANIC|FATAL): +/, "");
}

/** Ends PostgreSQL; a dead one only loses its open files, so that it writes nothing more. */
export async function stopEngine({ pglite, death }: Engine): Promise<void> {
  if (pglite.closed) return;
  if (death() === undefined) await pglite.close();
  else pglite.Module.FS.quit();
}
