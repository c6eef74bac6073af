import { sha256Hex, vectorLength, wordsOfBytes } from "@chorus/aggregation";
import { type SubmitUpdateRequest, UploadHeader } from "@chorus/proto/v1/participant";
import type { Clock } from "../clock.ts";
import type { WireMetrics } from "../metrics.ts";
import type { Session } from "../participants/sessions.ts";
import type { ActiveRound } from "../round/active-round.ts";
import type { Collecting } from "../round/collecting.ts";
import { RoundError } from "../round/error.ts";
import type { Runs } from "../runs/runs.ts";
import { ByteBudget } from "./byte-budget.ts";
import { ChunkAssembler } from "./chunks.ts";
import { checkConfig, memberRound } from "./participant-call.ts";
import { committedUploadFromWire } from "./wire.ts";
import type { WireMeter } from "./wire-meter.ts";

/** What uploads may take. */
export interface UploadLimits {
  /** Bytes of updates on their way, of all participants together; the next ones wait. One larger than that goes alone. */
  readonly memoryBytes: number;
  /** Longest that an upload may say nothing while the coordinator reads. */
  readonly stallMs: number;
}

interface UploadDependencies {
  readonly runs: Runs;
  readonly meter: WireMeter;
  readonly metrics: WireMetrics;
  readonly clock: Clock;
}

type Parts = AsyncIterator<SubmitUpdateRequest>;

/**
 * Receives masked updates. One upload per participant at a time: a new one replaces one that hangs. It ends, refused, when
 * it stalls, when the phase ends, and when its participant leaves the round.
 */
export class UploadReceiver {
  readonly #stallMs: number;
  readonly #memory: ByteBudget;
  readonly #deps: UploadDependencies;
  readonly #running = new Map<string, AbortController>();

  constructor({ memoryBytes, stallMs }: UploadLimits, dependencies: UploadDependencies) {
    this.#stallMs = stallMs;
    this.#memory = new ByteBudget(memoryBytes);
    this.#deps = dependencies;
  }

  /** Reads one upload and adds it to the round. Throws what the round or the chunks are refused for. */
  async receive(
    session: Session,
    requests: AsyncIterable<SubmitUpdateRequest>,
    signal: AbortSignal,
  ): Promise<void> {
    const { participantId } = session;
    this.#running.get(participantId)?.abort(replacement());
    const replaced = new AbortController();
    this.#running.set(participantId, replaced);
    try {
      const parts = requests[Symbol.asyncIterator]();
      await this.#read(session, parts, AbortSignal.any([signal, replaced.signal]));
    } finally {
      if (this.#running.get(participantId) === replaced) this.#running.delete(participantId);
    }
  }

  async #read(session: Session, parts: Parts, signal: AbortSignal): Promise<void> {
    const { participantId } = session;
    const { header, headerBytes } = await this.#header(parts, signal);
    const committed = committedUploadFromWire(header);
    if (committed.upload.participantId !== participantId)
      throw new RoundError("not-in-cohort", "the upload is signed by another participant");
    const round = memberRound(this.#deps.runs, session, header.roundId);
    round.traffic.receivedBytes += headerBytes;
    const digest = sha256Hex(UploadHeader.encode(header).finish());
    const { signature } = committed.upload;
    if (round.wasDelivered(participantId, "collecting", digest, signature)) return;
    const phase = round.expecting(participantId, "collecting", digest, signature);
    checkConfig(phase, header.configHash);
    const wantedBytes = 4 * vectorLength(phase.facts.dimension);
    if (header.totalBytes !== wantedBytes)
      throw new RoundError(
        "wrong-length",
        `the update has ${header.totalBytes} bytes, the round's vector ${wantedBytes}`,
      );
    const wanted = AbortSignal.any([signal, round.wanted(participantId)]);
    using _memory = await this.#memory.take(wantedBytes, wanted);
    const bytes = await this.#chunks(parts, wantedBytes, round, wanted);
    const apply = (phase: Collecting) => phase.submit(committed, wordsOfBytes(bytes));
    round.deliver(participantId, "collecting", digest, apply, signature);
  }

  async #header(
    parts: Parts,
    signal: AbortSignal,
  ): Promise<{ header: UploadHeader; headerBytes: number }> {
    const { value, done } = await this.#next(parts, signal);
    if (done === true || value.part?.$case !== "header")
      throw new RoundError("bad-chunk", "an upload begins with its header");
    return { header: value.part.value, headerBytes: this.#counted(value) };
  }

  async #chunks(
    parts: Parts,
    totalBytes: number,
    round: ActiveRound,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const assembler = new ChunkAssembler(totalBytes);
    for (;;) {
      const { value, done } = await this.#next(parts, signal);
      if (done === true) return assembler.finish();
      if (value.part?.$case !== "chunk")
        throw new RoundError("bad-chunk", "an upload has one header, then chunks");
      round.traffic.receivedBytes += this.#counted(value);
      assembler.add(value.part.value);
    }
  }

  /** Bytes of a part on the wire, which the metric counts too. */
  #counted(part: SubmitUpdateRequest): number {
    const bytes = this.#deps.meter.sizeOf(part);
    this.#deps.metrics.bytes.inc({ direction: "in" }, bytes);
    return bytes;
  }

  /** The next part. Rejects with the signal's reason, also while none comes, and with `stalled-upload` when none does. */
  async #next(parts: Parts, signal: AbortSignal): Promise<IteratorResult<SubmitUpdateRequest>> {
    signal.throwIfAborted();
    const came = new AbortController();
    const stalled = this.#stalled(AbortSignal.any([signal, came.signal]));
    try {
      return await Promise.race([parts.next(), stalled]);
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
