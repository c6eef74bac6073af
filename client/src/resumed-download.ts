import { sha256 } from "@chorus/aggregation";
import type { Sleep } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import { ClientError } from "./error.ts";
import type { Uplink } from "./uplink.ts";
import type { FilePart } from "./wire/files.ts";

/** A stream that brings nothing for this long is given up; that is noticed after twice as long at the latest. */
const SILENCE_MS = 60_000;

/** A file to fetch, as far as it is known beforehand. */
export interface WantedFile {
  /** What it is, for errors. */
  readonly what: "model" | "sealed model" | "transcript";
  /** Whether it may have this many bytes, which are taken from memory as soon as the coordinator has told so. */
  readonly allows: (totalBytes: number) => boolean;
  /** Which lengths are allowed, for errors. */
  readonly wanted: string;
  /** What it begins with, which is not fetched; nothing by default. */
  readonly begun?: Uint8Array;
  /** Its pieces from `offset` on. */
  readonly from: (
    connection: Connection,
    offset: number,
    signal: AbortSignal,
  ) => AsyncIterable<FilePart>;
}

/**
 * Fetches a file, going on where an outage interrupted it. Whether it is the right one is for the caller to say. Rejects
 * with {@link ClientError}: `protocol` for a wrong length, order or checksum, `unreachable` for a stream that is open and
 * brings nothing for a minute; with what the coordinator refuses the call with; with the signal's reason.
 */
export async function downloadFile(
  file: WantedFile,
  uplink: Uplink,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const download = new Download(file);
  while (!download.isComplete) {
    const before = download.receivedBytes;
    await uplink.call(async (connection, either) => {
      await unlessSilent(download, uplink, either, async (heard) => {
        const parts = file.from(connection, download.receivedBytes, heard);
        for await (const part of parts) download.add(part);
      });
    }, signal);
    if (download.receivedBytes === before)
      throw corrupt(`the end of the ${file.what} at byte ${before}`, "more");
  }
  return download.bytes;
}

/** Reads a stream under a signal that is aborted when the stream falls silent. */
async function unlessSilent(
  download: Download,
  { sleep }: Uplink,
  signal: AbortSignal,
  read: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const done = new AbortController();
  const silent = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const watching = silence(download, sleep, either).then(
    (error) => silent.abort(error),
    (error: unknown) => {
      if (!either.aborted) throw error;
    },
  );
  try {
    await read(AbortSignal.any([signal, silent.signal]));
  } finally {
    done.abort();
    await watching;
  }
}

/** Resolves, with what to say of it, when no byte came between two looks. Rejects with the signal's reason. */
async function silence(
  download: Download,
  sleep: Sleep,
  signal: AbortSignal,
): Promise<ClientError> {
  for (;;) {
    const before = download.receivedBytes;
    await sleep(SILENCE_MS, signal);
    if (download.receivedBytes === before) return download.fellSilent();
  }
}

/** A file's bytes as they arrive, in order. Memory is taken when the first piece has told a length that is allowed. */
class Download {
  readonly #file: WantedFile;
  /** Of the whole file; empty before the first piece. */
  #bytes: Uint8Array = new Uint8Array();
  #receivedBytes: number;

  constructor(file: WantedFile) {
    this.#file = file;
    this.#receivedBytes = file.begun?.length ?? 0;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get isComplete(): boolean {
    return this.#receivedBytes > 0 && this.#receivedBytes === this.#bytes.length;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** What to say of a stream that brings nothing any more. */
  fellSilent(): ClientError {
    const got = `got nothing of the ${this.#file.what} after byte ${this.#receivedBytes}`;
    return new ClientError("unreachable", `${got} for ${SILENCE_MS / 1_000} s, wanted more`);
  }

  /** Adds the next piece. Throws {@link ClientError} `protocol`, and has added nothing then. */
  add({ totalBytes, offset, data, sha256: wanted }: FilePart): void {
    this.#requireLength(totalBytes);
    if (offset !== this.#receivedBytes)
      throw corrupt(`a chunk at byte ${offset}`, `the one at ${this.#receivedBytes}`);
    if (offset + data.length > totalBytes)
      throw corrupt(`a chunk that ends at byte ${offset + data.length}`, `${totalBytes} at most`);
    if (Buffer.compare(sha256(data), wanted) !== 0)
      throw corrupt(`other bytes at ${offset}`, "those of the chunk's SHA-256");
    if (this.#bytes.length === 0) this.#begin(totalBytes);
    this.#bytes.set(data, offset);
    this.#receivedBytes += data.length;
  }

  #begin(totalBytes: number): void {
    this.#bytes = new Uint8Array(totalBytes);
    this.#bytes.set(this.#file.begun ?? []);
  }

  #requireLength(totalBytes: number): void {
    const { what, allows, wanted } = this.#file;
    const got = `a ${what} of ${totalBytes} bytes`;
    if (!allows(totalBytes)) throw corrupt(got, wanted);
    const told = this.#bytes.length;
    if (told > 0 && totalBytes !== told) throw corrupt(got, `${told} as it began`);
  }
}

function corrupt(got: string, wanted: string): ClientError {
  return new ClientError("protocol", `got ${got}, wanted ${wanted}`);
}
