import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { hasCode } from "../error-code.ts";
import { LedgerError } from "../ledger.ts";
import type { Batch, RecordStore } from "./record-store.ts";

/** Keeps records in a LevelDB folder. A batch is one fsynced write of LevelDB's log. */
export class LevelRecordStore implements RecordStore {
  readonly description: string;
  readonly isNew: boolean;
  readonly #database: ClassicLevel<string, Uint8Array>;

  private constructor(
    directory: string,
    isNew: boolean,
    database: ClassicLevel<string, Uint8Array>,
  ) {
    this.description = directory;
    this.isNew = isNew;
    this.#database = database;
  }

  /**
   * Opens the folder, makes it when there is none. Throws LedgerError `locked` when another process has it open,
   * `damaged-block` when LevelDB finds it broken, `unreachable` when it cannot be read or written.
   */
  static async open(directory: string): Promise<LevelRecordStore> {
    const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: "view" });
    try {
      const isNew = !(await holdsData(directory));
      await database.open();
      return new LevelRecordStore(directory, isNew, database);
    } catch (error) {
      throw openFailure(directory, error);
    }
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#database.get(name);
    } catch (error) {
      throw failure(`record ${name}`, error);
    }
  }

  async write(batch: Batch): Promise<void> {
    const operations = Array.from(batch, ([key, value]) => ({ type: "put" as const, key, value }));
    try {
      await this.#database.batch(operations, { sync: true });
    } catch (error) {
      throw failure("writing a block", error);
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/**
 * Whether LevelDB ever wrote anything there. Asked before it is opened: a log that it finds broken it drops, and then the
 * folder looks like a new one.
 */
async function holdsData(directory: string): Promise<boolean> {
  const files = await readdir(directory).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  for (const file of files.filter((name) => /\.(log|ldb|sst)$/.test(name))) {
    if ((await stat(join(directory, file))).size > 0) return true;
  }
  return false;
}

/** `cause` is what abstract-level wraps around LevelDB's own error. */
function openFailure(directory: string, cause: unknown): LedgerError {
  const reason = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
  if (!hasCode(reason, "LEVEL_LOCKED")) return failure(directory, reason);
  const text = `${directory}: the chain is open in another process; one process at a time may use it`;
  return new LedgerError("locked", text, { cause });
}

function failure(what: string, cause: unknown): LedgerError {
  const code = hasCode(cause, "LEVEL_CORRUPTION") ? "damaged-block" : "unreachable";
  const reason = cause instanceof Error ? cause.message : "unknown error";
  return new LedgerError(code, `${what}: LevelDB reports: ${reason}`, { cause });
}
