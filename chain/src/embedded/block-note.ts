import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { sealRecord, unsealRecord } from "./sealed-record.ts";

const fileName = "last-block";

/**
 * The number of the last block, noted in a file of its own. LevelDB drops the end of a damaged log without a word, and the
 * chain then looks like an earlier, sound one: the note says that there was more. It is not synced, so it may lag behind
 * after a power cut, but never runs ahead of what LevelDB has synced. A damaged note counts as none.
 */
export class BlockNote {
  /** The note as it was found; undefined when there was none. */
  readonly found: number | undefined;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, found: number | undefined) {
    this.#file = file;
    this.found = found;
  }

  static async open(directory: string): Promise<BlockNote> {
    const flags = constants.O_RDWR | constants.O_CREAT;
    const file = await open(join(directory, fileName), flags, 0o600);
    const payload = unsealRecord(await file.readFile());
    const found = payload === undefined ? undefined : Number(new TextDecoder().decode(payload));
    return new BlockNote(file, found);
  }

  async write(block: number): Promise<void> {
    const payload = new TextEncoder().encode(String(block).padStart(16, "0"));
    const sealed = sealRecord(payload);
    await this.#file.write(sealed, 0, sealed.length, 0);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
