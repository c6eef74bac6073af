import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, unlinkSync, write } from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ClientError } from "../error.ts";
import { hasCode } from "../files.ts";
import { type Dataset, featureCount } from "./dataset.ts";
import { type Examples, readRows } from "./examples.ts";

const writeAt = promisify(write);

const SUFFIX = ".examples-spool";

/**
 * Rows of features in a file that has no name from its first byte on: nobody else opens it, and it is gone with the process
 * that holds it, however that ends.
 */
export class Spool implements Disposable {
  readonly #path: string;
  readonly #file: number;
  #bytes = 0;

  private constructor(path: string, file: number) {
    this.#path = path;
    this.#file = file;
  }

  /** Makes an empty one. Throws {@link ClientError} `unwritable` for a folder that takes none. */
  static open(directory: string): Spool {
    const path = join(directory, `${randomUUID()}${SUFFIX}`);
    try {
      const file = openSync(path, "wx+", 0o600);
      using opened = new DisposableStack();
      const spool = opened.use(new Spool(path, file));
      unlinkSync(path);
      opened.move();
      return spool;
    } catch (cause) {
      throw unwritable(directory, cause);
    }
  }

  /** Appends numbers, as this machine writes them. Rejects with {@link ClientError} `unwritable`, as for a full disk. */
  async append(numbers: Float32Array): Promise<void> {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await writeAt(
        this.#file,
        bytes,
        written,
        bytes.length - written,
        this.#bytes + written,
      ).catch((cause: unknown) => {
        throw unwritable(this.#path, cause);
      });
      written += bytesWritten;
    }
    this.#bytes += bytes.length;
  }

  /** Reads numbers from place `start`, counted in numbers, until `target` is full. Throws {@link ClientError} `unreadable`. */
  read(start: number, target: Float32Array): void {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    const position = start * Float32Array.BYTES_PER_ELEMENT;
    for (let read = 0; read < bytes.length; ) {
      const count = this.#readAt(bytes.subarray(read), position + read);
      if (count === 0) throw this.#unreadable("it has been cut short");
      read += count;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #readAt(target: Uint8Array, position: number): number {
    try {
      return readSync(this.#file, target, 0, target.length, position);
    } catch (cause) {
      throw this.#unreadable(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  #unreadable(reason: string, options?: ErrorOptions): ClientError {
    const message = `cannot read spooled examples, once at ${this.#path}: ${reason}`;
    return new ClientError("unreadable", message, options);
  }
}

/** Examples whose features are in a spool, which goes with them. */
export class SpooledExamples implements Examples {
  readonly featureShape: readonly number[];
  readonly labels: Int32Array;
  readonly #spool: Spool;

  /** `spool`: as many rows as there are labels. */
  constructor(featureShape: readonly number[], labels: Int32Array, spool: Spool) {
    this.featureShape = featureShape;
    this.labels = labels;
    this.#spool = spool;
  }

  get examples(): number {
    return this.labels.length;
  }

  read(indices: Uint32Array, target: Dataset): void {
    const width = featureCount(this.featureShape);
    readRows(this.labels, indices, target, (index, row) => this.#spool.read(index * width, row));
  }

  [Symbol.dispose](): void {
    this.#spool[Symbol.dispose]();
  }
}

/**
 * Removes spools that a process left behind which ended between a spool's first two moments. Those in use have no name.
 * A folder that is not there has none.
 */
export async function sweepSpools(directory: string): Promise<void> {
  const names = await readdir(directory).catch((cause: unknown) => {
    if (hasCode(cause, "ENOENT")) return [];
    throw unwritable(directory, cause);
  });
  for (const name of names.filter((candidate) => candidate.endsWith(SUFFIX))) {
    await unlink(join(directory, name)).catch((cause: unknown) => {
      if (!hasCode(cause, "ENOENT")) throw unwritable(directory, cause);
    });
  }
}

function unwritable(path: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClientError("unwritable", `cannot spool examples to ${path}: ${reason}`, { cause });
}
