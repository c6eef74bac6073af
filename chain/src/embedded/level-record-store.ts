import { ClassicLevel } from "classic-level";
import { hasCode } from "../error-code.ts";
import { LedgerError } from "../ledger.ts";
import { BlockNote } from "./block-note.ts";
import type { Batch, RecordStore } from "./record-store.ts";

/** Keeps records in a LevelDB folder. A batch is one fsynced write of LevelDB's log. */
export class LevelRecordStore implements RecordStore {
  readonly description: string;
  readonly notedBlock: number | undefined;
  readonly #database: ClassicLevel<string, Uint8Array>;
  readonly #note: BlockNote;

  private constructor(database: ClassicLevel<string, Uint8Array>, note: BlockNote) {
    this.description = database.location;
    this.notedBlock = note.found;
    this.#database = database;
    this.#note = note;
  }

  /**
   * Opens the folder, makes it when there is none. Throws LedgerError `locked` when another process has it open,
   * `damaged-block` when LevelDB finds it broken, `unreachable` when it cannot be read or written.
   */
  static async open(directory: string): Promise<LevelRecordStore> {
    const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: "view" });
    try {
      await database.open();
      return new LevelRecordStore(database, await BlockNote.open(directory));
    } catch (error) {
      await database.close();
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

  async note(block: number): Promise<void> {
    try {
      await this.#note.write(block);
    } catch (cause) {
      throw new LedgerError("unreachable", "the last block cannot be noted", { cause });
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
    await this.#note.close();
  }
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
