import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../error-code.ts";
import { fileExists } from "../file-exists.ts";
import { LedgerError } from "../ledger.ts";
import { syncFolder } from "../sync-folder.ts";
import { sealRecord, unsealRecord } from "./sealed-record.ts";

const fileName = "last-block";
const digits = 16;

/**
 * The number of the last block, noted in a file of its own. LevelDB drops the end of a damaged log without a word, and the
 * chain then looks like an earlier, sound one: the note says that there was more. It is written and synced after its block,
 * so it is there once block 1 is begun, lags behind by one block at most, and never runs ahead.
 */
export class BlockNote {
  readonly #directory: string;
  readonly #file: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.#file = join(directory, fileName);
  }

  async exists(): Promise<boolean> {
    return await fileExists(this.#file);
  }

  /** Undefined when there is none. Throws LedgerError `damaged-block` for one that is not what was written. */
  async read(): Promise<number | undefined> {
    const sealed = await readFile(this.#file).catch((error: unknown) => {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    });
    // A new file is empty before its first write.
    if (sealed === undefined || sealed.length === 0) return undefined;
    const payload = unsealRecord(sealed);
    if (payload === undefined) {
      const text = `${this.#file}: the note of the last block is damaged`;
      throw new LedgerError("damaged-block", text);
    }
    return Number(new TextDecoder().decode(payload));
  }

  /** Durable when it resolves. In place and always of one length: a disk that is full meanwhile leaves it whole. */
  async write(block: number): Promise<void> {
    const sealed = sealRecord(new TextEncoder().encode(String(block).padStart(digits, "0")));
    await using file = await open(this.#file, constants.O_WRONLY | constants.O_CREAT, 0o600);
    await file.write(sealed, 0, sealed.length, 0);
    await file.datasync();
    if (block === 0) await syncFolder(this.#directory);
  }
}
