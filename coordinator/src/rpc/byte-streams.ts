import type { Chunk } from "@chorus/proto/v1/types";
import type { Clock } from "../clock.ts";
import type { WireMetrics } from "../metrics.ts";
import { RoundError } from "../round/error.ts";
import { ByteBudget } from "./byte-budget.ts";
import { ChunkAssembler } from "./chunks.ts";
import type { WireMeter } from "./wire-meter.ts";

/** What streams of bytes from participants may take. */
export interface StreamLimits {
  /** Bytes on their way, of all participants together; the next ones wait. A stream larger than that goes alone. */
  readonly memoryBytes: number;
  /** Longest that a stream may say nothing while the coordinator reads. */
  readonly stallMs: number;
}

interface StreamDependencies {
  readonly meter: WireMeter;
  readonly metrics: WireMetrics;
  readonly clock: Clock;
}

/** A message of a call that streams bytes: first a header, then chunks. */
export interface StreamedPart<Header> {
  readonly part?:
    | { readonly $case: "header"; readonly value: Header }
    | { readonly $case: "chunk"; readonly value: Chunk }
    | undefined;
}

/** Whose bytes they are, in the order of `part`s, and where they are counted. */
interface Traffic {
  receivedBytes: number;
}

/**
 * Streams of bytes of one kind from participants, which share memory. One per participant at a time: a new one replaces
 * one that hangs. A stream ends, refused, when it stalls.
 */
export class ByteStreams {
  readonly memory: ByteBudget;
  readonly #stallMs: number;
  readonly #deps: StreamDependencies;
  readonly #running = new Map<string, AbortController>();

  constructor({ memoryBytes, stallMs }: StreamLimits, dependencies: StreamDependencies) {
    this.memory = new ByteBudget(memoryBytes);
    this.#stallMs = stallMs;
    this.#deps = dependencies;
  }

  /** Lets `work` read a stream, whose place in the world is `key`. Throws what it does, and `replaced-upload`. */
  async receive<Header extends object>(
    key: string,
    parts: AsyncIterable<StreamedPart<Header>>,
    work: (stream: ByteStream<Header>, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    this.#running.get(key)?.abort(replacement());
    const replaced = new AbortController();
    this.#running.set(key, replaced);
    try {
      const stream = new ByteStream(parts[Symbol.asyncIterator](), this.#stallMs, this.#deps);
      await work(stream, AbortSignal.any([signal, replaced.signal]));
    } finally {
      if (this.#running.get(key) === replaced) this.#running.delete(key);
    }
  }
}

/** One stream: read the header, then the bytes. */
export class ByteStream<Header extends object> {
  readonly #parts: AsyncIterator<StreamedPart<Header>>;
  readonly #stallMs: number;
  readonly #deps: StreamDependencies;

  constructor(
    parts: AsyncIterator<StreamedPart<Header>>,
    stallMs: number,
    dependencies: StreamDependencies,
  ) {
    this.#parts = parts;
    this.#stallMs = stallMs;
    this.#deps = dependencies;
  }

  /** Reads the header; `headerBytes`: on the wire. Throws {@link RoundError} `bad-chunk` for anything else, `stalled-upload`. */
  async header(signal: AbortSignal): Promise<{ header: Header; headerBytes: number }> {
    const { value, done } = await this.#next(signal);
    if (done === true || value.part?.$case !== "header")
      throw new RoundError("bad-chunk", "an upload begins with its header");
    return { header: value.part.value, headerBytes: this.#counted(value) };
  }

  /** Reads all chunks into `target`, counting them as `traffic`. Throws {@link RoundError} as `ChunkAssembler`, `stalled-upload`. */
  async readInto<Bytes extends Uint8Array>(
    target: Bytes,
    traffic: Traffic,
    signal: AbortSignal,
  ): Promise<Bytes> {
    const assembler = new ChunkAssembler(target);
    for (;;) {
      const { value, done } = await this.#next(signal);
      if (done === true) {
        assembler.finish();
        return target;
      }
      if (value.part?.$case !== "chunk")
        throw new RoundError("bad-chunk", "an upload has one header, then chunks");
      traffic.receivedBytes += this.#counted(value);
      assembler.add(value.part.value);
    }
  }

  /** Bytes of a part on the wire, which the metric counts too. */
  #counted(part: StreamedPart<Header>): number {
    const bytes = this.#deps.meter.sizeOf(part);
    this.#deps.metrics.bytes.inc({ direction: "in" }, bytes);
    return bytes;
  }

  /** The next part. Rejects with the signal's reason, also while none comes, and with `stalled-upload` when none does. */
  async #next(signal: AbortSignal): Promise<IteratorResult<StreamedPart<Header>>> {
    signal.throwIfAborted();
    const came = new AbortController();
    const stalled = this.#stalled(AbortSignal.any([signal, came.signal]));
    try {
      return await Promise.race([this.#parts.next(), stalled]);
    } finally {
      came.abort();
      await stalled.catch(() => undefined);
    }
  }

  async #stalled(signal: AbortSignal): Promise<never> {
    await this.#deps.clock.sleep(this.#stallMs, signal);
    const seconds = this.#stallMs / 1000;
    throw new RoundError("stalled-upload", `nothing of the upload came for ${seconds} s`);
  }
}

function replacement(): RoundError {
  return new RoundError("replaced-upload", "a newer upload of this participant took its place");
}
