import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hash } from "@chorus/aggregation";
import { ClientError } from "../error.ts";
import { hasCode, replaceFile, syncDirectory } from "../files.ts";
import { type JournalEntry, type JournalText, NO_SUM, readEntries, writeEntry } from "./entry.ts";

/** The file `journal` of a state directory: lines are only ever appended, and what was appended is on disk. */
export class JournalFile implements AsyncDisposable {
  readonly #path: string;
  readonly #handle: FileHandle;
  #sum: Hash;
  #bytes: number;
  /** Whether there may be something behind the last entry. */
  #isTorn: boolean;

  private constructor(path: string, handle: FileHandle, { sum, bytes }: JournalText) {
    this.#path = path;
    this.#handle = handle;
    this.#sum = sum;
    this.#bytes = bytes;
    this.#isTorn = true;
  }

  /**
   * Opens a folder's journal, or makes it. `choose`: which of its entries to keep. Rejects with {@link ClientError}
   * `bad-journal` for a damaged file, `unwritable` for a folder that takes none.
   */
  static async open(
    directory: string,
    choose: (entries: readonly JournalEntry[]) => readonly JournalEntry[],
  ): Promise<{ file: JournalFile; entries: readonly JournalEntry[] }> {
    const path = join(directory, "journal");
    const found = await readJournal(path);
    const entries = choose(found.entries);
    try {
      const text = entries.length === found.entries.length ? found : await replace(path, entries);
      // Only its owner: whoever can write into it can make this participant refuse rounds.
      await using opened = new AsyncDisposableStack();
      const file = opened.use(new JournalFile(path, await open(path, "a", 0o600), text));
      await file.#cut();
      await syncDirectory(directory);
      opened.move();
      return { file, entries };
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /** Appends an entry; it is on disk when this resolves. Rejects with {@link ClientError} `unwritable`; it is not in the journal then. */
  async append(entry: JournalEntry): Promise<void> {
    const { line, sum } = writeEntry(entry, this.#sum);
    try {
      if (this.#isTorn) await this.#cut();
      this.#isTorn = true;
      await this.#handle.writeFile(line);
      await this.#handle.sync();
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
    this.#isTorn = false;
    this.#sum = sum;
    this.#bytes += line.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  /** Takes away what an append that failed or was interrupted has left. */
  async #cut(): Promise<void> {
    await this.#handle.truncate(this.#bytes);
    await this.#handle.sync();
    this.#isTorn = false;
  }
}

async function readJournal(path: string): Promise<JournalText> {
  try {
    return readEntries(await readFile(path));
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return { entries: [], sum: NO_SUM, bytes: 0 };
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message =
      `the journal ${path} cannot be used: ${reason}; restore it from a backup, or remove it while ` +
      "no round is running: without it, a round that this participant is in could be answered twice";
    throw new ClientError("bad-journal", message, { cause });
  }
}

/** Puts a file with these entries only in the journal's place: after a crash there is the one or the other. */
async function replace(path: string, entries: readonly JournalEntry[]): Promise<JournalText> {
  let sum = NO_SUM;
  const lines = entries.map((entry) => {
    const written = writeEntry(entry, sum);
    sum = written.sum;
    return written.line;
  });
  const text = lines.join("");
  await replaceFile(path, text);
  return { entries, sum, bytes: text.length };
}

function unwritable(path: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClientError(
    "unwritable",
    `cannot write the journal ${path}: ${reason}; wanted a folder with space that this user can write`,
    { cause },
  );
}
