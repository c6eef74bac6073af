import { type FileHandle, open } from "node:fs/promises";
import { ClientError } from "../error.ts";
import { regularFileBytes } from "./regular-file.ts";
import { unreadable } from "./unreadable.ts";

/**
 * An open IDX file of unsigned bytes whose length is what its header says.
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", "File formats".
 */
export class IdxFile implements AsyncDisposable {
  readonly path: string;
  /** As the header has it; the first dimension counts the examples. */
  readonly shape: readonly number[];
  readonly #file: FileHandle;

  private constructor(path: string, shape: readonly number[], file: FileHandle) {
    this.path = path;
    this.shape = shape;
    this.#file = file;
  }

  /**
   * Opens a file and checks its header and length. Throws {@link ClientError}: `unreadable` where the system refuses,
   * `bad-data` for another format, element type or number of dimensions, and for a file that is cut short or too long.
   */
  static async open(path: string, dimensions: number): Promise<IdxFile> {
    await regularFileBytes(path);
    const file = await open(path).catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    try {
      return new IdxFile(path, await readShape(path, file, dimensions), file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Number of examples: the first dimension. */
  get examples(): number {
    return this.shape[0] ?? 0;
  }

  /** The elements in order, in blocks; each block is overwritten by the next. Throws as {@link IdxFile.open} does. */
  async *blocks(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const block = new Uint8Array(BLOCK_BYTES);
    const end = byteLength(this.shape);
    for (let position = headerBytes(this.shape.length); position < end; ) {
      signal.throwIfAborted();
      const length = Math.min(block.length, end - position);
      const bytes = await readAt(this.path, this.#file, block.subarray(0, length), position);
      yield bytes;
      position += bytes.length;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

const BLOCK_BYTES = 1024 * 1024;

/** Third byte of the magic number: the elements are unsigned bytes. */
const UNSIGNED_BYTE = 0x08;

async function readShape(path: string, file: FileHandle, dimensions: number): Promise<number[]> {
  const { size } = await file.stat();
  const length = headerBytes(dimensions);
  if (size < length) throw wrongSize(path, size, `at least ${length}`);
  const bytes = await readAt(path, file, new Uint8Array(length), 0);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [magic, wanted] = [header.getUint32(0), (UNSIGNED_BYTE << 8) | dimensions];
  if (magic !== wanted) {
    throw new ClientError(
      "bad-data",
      `${path} begins with 0x${hex(magic)}, wanted 0x${hex(wanted)}: uncompressed IDX, ` +
        `unsigned bytes, ${dimensions} dimension(s)`,
    );
  }
  const shape = Array.from({ length: dimensions }, (_, index) => header.getUint32(4 + 4 * index));
  if (size !== byteLength(shape)) {
    throw wrongSize(path, size, `${byteLength(shape)} for its ${shape.join(" x ")} elements`);
  }
  return shape;
}

/** Reads exactly `target.length` bytes; fewer mean that the file has changed since it was opened. */
async function readAt(
  path: string,
  file: FileHandle,
  target: Uint8Array,
  position: number,
): Promise<Uint8Array> {
  const { bytesRead } = await file
    .read(target, 0, target.length, position)
    .catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
  if (bytesRead < target.length) {
    throw wrongSize(path, position + bytesRead, `at least ${position + target.length}`);
  }
  return target;
}

function headerBytes(dimensions: number): number {
  return 4 + 4 * dimensions;
}

function byteLength(shape: readonly number[]): number {
  return headerBytes(shape.length) + shape.reduce((product, length) => product * length, 1);
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}

function wrongSize(path: string, got: number, wanted: string): ClientError {
  return new ClientError("bad-data", `${path} has ${got} bytes, wanted ${wanted}`);
}
