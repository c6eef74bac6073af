import {
  type CommittedUpload,
  ciphertextBytes,
  type Hash,
  isEncrypted,
  type RoundConfig,
  sha256Hex,
  vectorLength,
  wordsOfBytes,
} from "@chorus/aggregation";
import { type SubmitUpdateRequest, UploadHeader } from "@chorus/proto/v1/participant";
import type { Session } from "../participants/sessions.ts";
import type { ActiveRound } from "../round/active-round.ts";
import type { Collecting } from "../round/collecting.ts";
import { RoundError } from "../round/error.ts";
import type { Runs } from "../runs/runs.ts";
import type { ByteStream, ByteStreams } from "./byte-streams.ts";
import { checkConfig, memberRound } from "./participant-call.ts";
import { committedUploadFromWire } from "./wire.ts";

/** An update that is on its way. */
interface Announced {
  readonly round: ActiveRound;
  readonly config: RoundConfig;
  readonly digest: Hash;
  readonly committed: CommittedUpload;
  /** Aborts when the phase ends in which the update began. */
  readonly inTime: AbortSignal;
}

/**
 * Receives masked updates, encrypted or not. An upload ends, refused, when the phase ends, when its participant leaves the
 * round, and as {@link ByteStreams} say.
 */
export class UploadReceiver {
  readonly #streams: ByteStreams;
  readonly #runs: Runs;

  constructor({ streams, runs }: { readonly streams: ByteStreams; readonly runs: Runs }) {
    this.#streams = streams;
    this.#runs = runs;
  }

  /** Reads one upload and adds it to the round. Throws what the round or the chunks are refused for. */
  async receive(
    session: Session,
    requests: AsyncIterable<SubmitUpdateRequest>,
    signal: AbortSignal,
  ): Promise<void> {
    const key = `update of ${session.participantId}`;
    const read = (stream: ByteStream<UploadHeader>, wanted: AbortSignal) =>
      this.#read(session, stream, wanted);
    await this.#streams.receive(key, requests, read, signal);
  }

  async #read(
    session: Session,
    stream: ByteStream<UploadHeader>,
    signal: AbortSignal,
  ): Promise<void> {
    const { participantId } = session;
    const { header, headerBytes } = await stream.header(signal);
    const committed = committedUploadFromWire(header);
    if (committed.upload.participantId !== participantId)
      throw new RoundError("not-in-cohort", "the upload is signed by another participant");
    const round = memberRound(this.#runs, session, header.roundId);
    round.traffic.receivedBytes += headerBytes;
    const digest = sha256Hex(UploadHeader.encode(header).finish());
    const { signature } = committed.upload;
    if (round.wasDelivered(participantId, "collecting", digest, signature)) return;
    const phase = round.expecting(participantId, "collecting", digest, signature);
    checkConfig(phase, header.configHash);
    const wantedBytes = uploadBytes(phase.config);
    if (header.totalBytes !== wantedBytes)
      throw new RoundError(
        "wrong-length",
        isEncrypted(phase.config)
          ? `the update has ${header.totalBytes} bytes, its ciphertexts ${wantedBytes}`
          : `the update has ${header.totalBytes} bytes, the round's vector ${wantedBytes}`,
      );
    const inTime = round.wanted(participantId);
    const wanted = AbortSignal.any([signal, inTime]);
    using _memory = await this.#streams.memory.take(wantedBytes, wanted);
    await this.#update(stream, { round, config: phase.config, digest, committed, inTime }, wanted);
  }

  /** Reads the update itself, and adds it. */
  async #update(
    stream: ByteStream<UploadHeader>,
    { round, config, digest, committed, inTime }: Announced,
    signal: AbortSignal,
  ): Promise<void> {
    const target = new Uint8Array(uploadBytes(config));
    const bytes = await stream.readInto(target, round.traffic, signal);
    // An update that began in time is not one that came late.
    inTime.throwIfAborted();
    if (isEncrypted(config))
      return await round.deliverEncrypted(config, digest, committed, bytes, inTime);
    const apply = (phase: Collecting) => phase.submit(committed, wordsOfBytes(bytes));
    const { participantId, signature } = committed.upload;
    round.deliver(participantId, "collecting", digest, apply, signature);
  }
}

/** Bytes of one participant's update in a round. */
function uploadBytes(config: RoundConfig): number {
  return isEncrypted(config) ? ciphertextBytes(config) : 4 * vectorLength(config.dimension);
}
