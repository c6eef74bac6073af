import { sha256 } from "../hash.ts";
import { HeError } from "./he-error.ts";

/** The most bytes of a frame's payload: 1 MB. A frame of ciphertexts has 75, one of sums 37 at most. */
export const FRAME_BYTES: number = 2 ** 20;

/** Consecutive chunks of a stream. */
export interface HeFrame {
  readonly firstChunk: number;
  readonly count: number;
  /** The chunks' bytes, one after the other: ciphertexts, or sums. */
  readonly payload: Uint8Array;
  /** See {@link frameHash}. */
  readonly hash: Uint8Array;
}

/** What a stream is made of. */
export interface HeStream {
  /** What the frames belong to, 32 bytes: a hash of the round, the sender and the direction. */
  readonly binding: Uint8Array;
  /** Bytes of a chunk. */
  readonly chunkBytes: number;
  readonly chunks: number;
}

/** 32 bytes of what a frame says and where it belongs. */
export function frameHash(
  { binding }: HeStream,
  { firstChunk, count, payload }: Omit<HeFrame, "hash">,
): Uint8Array {
  const place = new DataView(new ArrayBuffer(8));
  place.setUint32(0, firstChunk);
  place.setUint32(4, count);
  return sha256("chorus/he-frame/v1/", binding, new Uint8Array(place.buffer), payload);
}

/** A stream's chunks in frames, made one at a time. Throws RangeError when a chunk has another length. */
export function* framesOf(stream: HeStream, chunks: Iterable<Uint8Array>): Generator<HeFrame> {
  const most = chunksPerFrame(stream);
  let firstChunk = 0;
  let held: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (chunk.length !== stream.chunkBytes) {
      throw new RangeError(`chunk has ${chunk.length} bytes, wanted ${stream.chunkBytes}`);
    }
    held.push(chunk);
    if (held.length < most) continue;
    yield frameOf(stream, firstChunk, held);
    firstChunk += held.length;
    held = [];
  }
  if (held.length > 0) yield frameOf(stream, firstChunk, held);
}

/** Reads a stream's frames in order. Every method throws {@link HeError} `wrong-frame` and has then changed nothing. */
export class FrameReader {
  readonly #stream: HeStream;
  #nextChunk = 0;

  constructor(stream: HeStream) {
    this.#stream = stream;
  }

  /** A frame's chunks, over the same memory. */
  read(frame: HeFrame): Uint8Array[] {
    const { chunkBytes, chunks } = this.#stream;
    const { firstChunk, count, payload, hash } = frame;
    if (firstChunk !== this.#nextChunk) {
      refuse(`frame begins at chunk ${firstChunk}, wanted ${this.#nextChunk}`);
    }
    const most = Math.min(chunksPerFrame(this.#stream), chunks - firstChunk);
    if (!Number.isInteger(count) || count < 1 || count > most) {
      refuse(`frame has ${count} chunks, wanted 1 to ${most}`);
    }
    if (payload.length !== count * chunkBytes) {
      refuse(`frame has ${payload.length} bytes, wanted ${count} chunks of ${chunkBytes}`);
    }
    if (Buffer.compare(hash, frameHash(this.#stream, frame)) !== 0) {
      refuse(`frame at chunk ${firstChunk} is not what its hash is of`);
    }
    this.#nextChunk += count;
    return Array.from({ length: count }, (_, index) =>
      payload.subarray(index * chunkBytes, (index + 1) * chunkBytes),
    );
  }

  /** Ends the stream: every chunk must have been read. */
  close(): void {
    const { chunks } = this.#stream;
    if (this.#nextChunk === chunks) return;
    refuse(`stream ends after ${this.#nextChunk} chunks, wanted ${chunks}`);
  }
}

function frameOf(stream: HeStream, firstChunk: number, chunks: readonly Uint8Array[]): HeFrame {
  const payload = new Uint8Array(Buffer.concat(chunks));
  const frame = { firstChunk, count: chunks.length, payload };
  return { ...frame, hash: frameHash(stream, frame) };
}

function chunksPerFrame({ chunkBytes }: HeStream): number {
  return Math.floor(FRAME_BYTES / chunkBytes);
}

function refuse(message: string): never {
  throw new HeError("wrong-frame", message);
}
