import { sha256Hex, vectorLength, wordsOfBytes } from "@chorus/aggregation";
import { type SubmitUpdateRequest, UploadHeader } from "@chorus/proto/v1/participant";
import type { WireMetrics } from "../metrics.ts";
import type { Session } from "../participants/sessions.ts";
import type { ActiveRound } from "../round/active-round.ts";
import { RoundError } from "../round/error.ts";
import type { Runs } from "../runs/runs.ts";
import { ChunkAssembler } from "./chunks.ts";
import { checkConfig } from "./participant-call.ts";
import { commitmentFromWire, hashFromWire, required } from "./wire.ts";
import type { WireMeter } from "./wire-meter.ts";

interface UploadDependencies {
  readonly runs: Runs;
  readonly meter: WireMeter;
  readonly metrics: WireMetrics;
}

/** Receives masked updates. One upload per participant at a time: a new one replaces one that hangs. */
export class UploadReceiver {
  readonly #running = new Map<string, AbortController>();

  /** Reads one upload and adds it to the round. Throws what the round or the chunks are refused for. */
  async receive(
    session: Session,
    requests: AsyncIterable<SubmitUpdateRequest>,
    deps: UploadDependencies,
    signal: AbortSignal,
  ): Promise<void> {
    const { participantId } = session;
    this.#running.get(participantId)?.abort(replacement());
    const replaced = new AbortController();
    this.#running.set(participantId, replaced);
    try {
      const parts = requests[Symbol.asyncIterator]();
      await readUpload(participantId, parts, deps, AbortSignal.any([signal, replaced.signal]));
    } finally {
      if (this.#running.get(participantId) === replaced) this.#running.delete(participantId);
    }
  }
}

function replacement(): RoundError {
  return new RoundError("replaced-upload", "a newer upload of this participant took its place");
}

async function readUpload(
  participantId: string,
  parts: AsyncIterator<SubmitUpdateRequest>,
  deps: UploadDependencies,
  signal: AbortSignal,
): Promise<void> {
  const header = await readHeader(parts, deps, signal);
  const commitment = commitmentFromWire(required(header.commitment, "commitment"));
  if (commitment.participantId !== participantId)
    throw new RoundError("not-in-cohort", "the upload is signed by another participant");
  const round = deps.runs.round(hashFromWire(header.roundId, "round_id"));
  const digest = sha256Hex(UploadHeader.encode(header).finish());
  if (round.wasDelivered(participantId, "collecting", digest)) return;
  const { config, facts } = round.expecting(participantId, "collecting");
  checkConfig(config, header.configHash);
  const wantedBytes = 4 * vectorLength(facts.dimension);
  if (header.totalBytes !== wantedBytes)
    throw new RoundError(
      "wrong-length",
      `the update has ${header.totalBytes} bytes, the round's vector ${wantedBytes}`,
    );
  const bytes = await readChunks(parts, wantedBytes, round, deps, signal);
  round.deliver(participantId, "collecting", digest, (phase) =>
    phase.submit(commitment, wordsOfBytes(bytes)),
  );
}

async function readHeader(
  parts: AsyncIterator<SubmitUpdateRequest>,
  { meter, metrics }: UploadDependencies,
  signal: AbortSignal,
): Promise<UploadHeader> {
  const { value, done } = await nextPart(parts, signal);
  if (done === true || value.part?.$case !== "header")
    throw new RoundError("bad-chunk", "an upload begins with its header");
  metrics.bytes.inc({ direction: "in" }, meter.sizeOf(value));
  return value.part.value;
}

async function readChunks(
  parts: AsyncIterator<SubmitUpdateRequest>,
  totalBytes: number,
  round: ActiveRound,
  { meter, metrics }: UploadDependencies,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const assembler = new ChunkAssembler(totalBytes);
  for (;;) {
    const { value, done } = await nextPart(parts, signal);
    if (done === true) return assembler.finish();
    if (value.part?.$case !== "chunk")
      throw new RoundError("bad-chunk", "an upload has one header, then chunks");
    const bytes = meter.sizeOf(value);
    metrics.bytes.inc({ direction: "in" }, bytes);
    round.traffic.receivedBytes += bytes;
    assembler.add(value.part.value);
  }
}

/** The next part. Rejects with the signal's reason, also while none comes: what hangs must not hold its memory. */
async function nextPart(
  parts: AsyncIterator<SubmitUpdateRequest>,
  signal: AbortSignal,
): Promise<IteratorResult<SubmitUpdateRequest>> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    const next = await Promise.race([parts.next(), aborted.promise]);
    signal.throwIfAborted();
    return next;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
