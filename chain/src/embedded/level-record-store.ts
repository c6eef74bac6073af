import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ClassicLevel } from "classic-level";
import { hasCode } from "../error-code.ts";
import { fileExists } from "../file-exists.ts";
import { LedgerError } from "../ledger.ts";
import { BlockNote } from "./block-note.ts";
import type { Batch, RecordStore } from "./record-store.ts";

/** Keeps records in a LevelDB folder. A batch is one fsynced write of LevelDB's log. */
export class LevelRecordStore implements RecordStore {
  readonly description: string;
  readonly notedBlock: number | undefined;
  readonly #database: ClassicLevel<string, Uint8Array>;
  readonly #note: BlockNote;

  private constructor(
    database: ClassicLevel<string, Uint8Array>,
    note: BlockNote,
    notedBlock: number | undefined,
  ) {
    this.description = database.location;
    this.notedBlock = notedBlock;
    this.#database = database;
    this.#note = note;
  }

  /**
   * Opens the folder; with `mayMake`, makes it when there is none. Throws LedgerError `missing-chain` when there is none and
   * none may be made, `locked` when another process has it open, `damaged-block` when LevelDB finds it broken or the note is,
   * `unreachable` when it cannot be read or written.
   */
  static async open(directory: string, mayMake: boolean): Promise<LevelRecordStore> {
    const note = new BlockNote(directory);
    const isMade = await fileExists(join(directory, "CURRENT"));
    // LevelDB would make a new database and delete what is left of the old one.
    if (!isMade && (await note.exists())) throw damaged(directory, "its file CURRENT is missing");
    if (!isMade && !mayMake) throw missing(directory);
    const database = new ClassicLevel<string, Uint8Array>(directory, {
      createIfMissing: !isMade,
      valueEncoding: "view",
    });
    try {
      await database.open();
      return new LevelRecordStore(database, note, await note.read());
    } catch (error) {
      await database.close();
      throw error instanceof LedgerError ? error : await openFailure(directory, error);
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
    await this.#note.write(block);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/** `error` is what abstract-level wraps around LevelDB's own error. */
async function openFailure(directory: string, error: unknown): Promise<LedgerError> {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (hasCode(cause, "LEVEL_LOCKED")) {
    const text = `${directory}: the chain is open in another process; one process at a time may use it`;
    return new LedgerError("locked", text, { cause });
  }
  const isWhole = await hasManifest(directory).catch(() => true);
  if (!isWhole) return damaged(directory, "its file CURRENT names no file that is there", cause);
  return failure(directory, cause);
}

/** Whether LevelDB's CURRENT, one line, names a manifest that is there. */
async function hasManifest(directory: string): Promise<boolean> {
  const current = await readFile(join(directory, "CURRENT"), "latin1");
  const name = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
  return name !== undefined && (await fileExists(join(directory, name)));
}

function missing(directory: string): LedgerError {
  const text = `${directory}: there is no chain; name the folder that holds it, or restore it from a backup`;
  return new LedgerError("missing-chain", text);
}

function damaged(directory: string, what: string, cause?: unknown): LedgerError {
  return new LedgerError("damaged-block", `${directory}: the chain is damaged: ${what}`, { cause });
}

function failure(what: string, cause: unknown): LedgerError {
  const code = hasCode(cause, "LEVEL_CORRUPTION") ? "damaged-block" : "unreachable";
  const reason = cause instanceof Error ? cause.message : "unknown error";
  return new LedgerError(code, `${what}: LevelDB reports: ${reason}`, { cause });
}
