import { type FileHandle, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isTemporary, makeFolder, syncFolder, writeDurably } from "./files/durable-files.ts";
import { isFileError, isMissing, writingTo } from "./files/file-errors.ts";
import { type BlobStore, type Hash, StoreError } from "./store.ts";

/**
 * Opens the blobs in a folder, making it at first. What a crash left half-written is removed.
 * Throws {@link StoreError} `unwritable`.
 */
export function openBlobStore(directory: string): Promise<BlobStore> {
  return writingTo(directory, async () => {
    await makeFolder(directory);
    await syncFolder(dirname(directory));
    for (const name of await readdir(directory, { recursive: true }))
      if (isTemporary(basename(name))) await rm(join(directory, name), { force: true });
    return new FileBlobStore(directory);
  });
}

/** Blobs as files: `<first two digits>/<name>`. */
class FileBlobStore implements BlobStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  put(name: Hash, bytes: Uint8Array): Promise<void> {
    return writingTo(this.#directory, async () => {
      const path = this.#path(name);
      const folder = dirname(path);
      await makeFolder(folder);
      // Even for what is there already: it may be there since just before a crash, and synced only in part.
      await syncFolder(this.#directory);
      if ((await this.size(name)) === undefined) await writeDurably(path, bytes);
      else await syncFolder(folder);
    });
  }

  async size(name: Hash): Promise<number | undefined> {
    try {
      const { size } = await stat(this.#path(name));
      return size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  get(name: Hash): Promise<Uint8Array> {
    return existing(name, () => readFile(this.#path(name)));
  }

  read(name: Hash, offset: number, length: number): Promise<Uint8Array> {
    return existing(name, async () => {
      await using file = await open(this.#path(name), "r");
      return await readAt(file, offset, length);
    });
  }

  /** Only a hash becomes a path: no name can leave the folder. */
  #path(name: Hash): string {
    if (!/^[0-9a-f]{64}$/.test(name))
      throw new StoreError("unknown", "a blob's name is 64 lowercase hexadecimal digits");
    return join(this.#directory, name.slice(0, 2), name);
  }
}

async function existing<T>(name: Hash, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error))
      throw new StoreError("unknown", `there is no blob ${name}`, { cause: error });
    throw outOfFiles(error) ?? error;
  }
}

/** A {@link StoreError} for the system's refusal to open one more file; undefined for any other error. */
function outOfFiles(error: unknown): StoreError | undefined {
  if (!isFileError(error) || (error.code !== "EMFILE" && error.code !== "ENFILE")) return undefined;
  const text = "too many files are open; raise the limit on open files (ulimit -n)";
  return new StoreError("unwritable", `cannot open a blob: ${text}`, { cause: error });
}

/** Reads until `length` bytes are there or the file ends: one read may return fewer. */
async function readAt(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
