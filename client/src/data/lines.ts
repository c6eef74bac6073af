import { createReadStream } from "node:fs";
import { ClientError } from "../error.ts";
import { regularFileBytes } from "./regular-file.ts";
import { unreadable } from "./unreadable.ts";

/** A line of a text file, without the line feed at its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/**
 * The lines of a UTF-8 file, one after the other, without its byte order mark. A line feed ends a line and nothing else does:
 * JSON may hold the other separators of Unicode, and a carriage return is white space to it. Memory holds one line and 64 KiB.
 * Throws {@link ClientError}: `unreadable` where the system refuses, `bad-data` for a line of more than 1 MiB or one that is
 * not UTF-8; the signal's reason when aborted.
 */
export async function* linesOf(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Line, void, undefined> {
  await regularFileBytes(path);
  const open = new OpenLine(path);
  for await (const chunk of chunksOf(path, signal)) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      open.push(chunk.subarray(start, end));
      yield open.close();
      start = end + 1;
    }
    open.push(chunk.subarray(start));
  }
  if (open.bytes > 0) yield open.close();
}

/** The line whose end has not come yet. */
class OpenLine {
  readonly #path: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #number = 1;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > MAX_LINE_BYTES)
      throw this.#bad(`got more than ${MAX_LINE_BYTES} bytes, wanted a line of at most as many`);
    this.#parts.push(part);
  }

  /** Ends the line; the next one begins. */
  close(): Line {
    const text = this.#decode(Buffer.concat(this.#parts));
    const number = this.#number++;
    this.#parts = [];
    this.#bytes = 0;
    return { number, text: number === 1 ? text.replace(/^\ufeff/, "") : text };
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      throw this.#bad("got bytes that are not UTF-8", { cause });
    }
  }

  #bad(what: string, options?: ErrorOptions): ClientError {
    return new ClientError("bad-data", `${this.#path}, line ${this.#number}: ${what}`, options);
  }
}

async function* chunksOf(
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of createReadStream(path, { signal })) yield chunk;
  } catch (cause) {
    signal.throwIfAborted();
    throw unreadable(path, cause);
  }
}
