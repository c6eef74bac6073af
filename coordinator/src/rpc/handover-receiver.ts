import { sha256Hex, stateLength } from "@chorus/aggregation";
import { sealedModelBytes } from "@chorus/aggregation/he";
import { type HandOverModelRequest, HandoverHeader } from "@chorus/proto/v1/participant";
import type { Session } from "../participants/sessions.ts";
import type { ActiveRound } from "../round/active-round.ts";
import { RoundError } from "../round/error.ts";
import type { Runs } from "../runs/runs.ts";
import type { ByteStream, ByteStreams } from "./byte-streams.ts";
import { memberRound } from "./participant-call.ts";
import { addressedHandoverFromWire } from "./wire-handover.ts";

/**
 * Receives models that participants of encrypted runs hand over to others, with the same care as updates. They keep their
 * memory until those who asked have trained or left, so that it is not the updates'.
 */
export class HandoverReceiver {
  readonly #streams: ByteStreams;
  readonly #runs: Runs;

  constructor({ streams, runs }: { readonly streams: ByteStreams; readonly runs: Runs }) {
    this.#streams = streams;
    this.#runs = runs;
  }

  /** Reads one sealed model and gives it to the round. Throws what the round or the chunks are refused for. */
  async receive(
    session: Session,
    requests: AsyncIterable<HandOverModelRequest>,
    signal: AbortSignal,
  ): Promise<void> {
    const key = `model of ${session.participantId}`;
    const read = (stream: ByteStream<HandoverHeader>, wanted: AbortSignal) =>
      this.#read(session, stream, wanted);
    await this.#streams.receive(key, requests, read, signal);
  }

  async #read(
    session: Session,
    stream: ByteStream<HandoverHeader>,
    signal: AbortSignal,
  ): Promise<void> {
    const { participantId } = session;
    const { header, headerBytes } = await stream.header(signal);
    const { totalBytes } = header;
    const handovers = header.handovers.map(addressedHandoverFromWire);
    const round = memberRound(this.#runs, session, header.roundId);
    round.traffic.receivedBytes += headerBytes;
    const digest = sha256Hex(HandoverHeader.encode(header).finish());
    if (round.wasDelivered(participantId, "handing-over", digest)) return;
    const { handover } = round.expecting(participantId, "handing-over", digest);
    if (!handover.isWantedFrom(participantId)) return;
    const most = largestSealedModel(round);
    if (totalBytes > most)
      throw new RoundError(
        "wrong-length",
        `the model has ${totalBytes} bytes, wanted ${most} at most`,
      );
    const wanted = AbortSignal.any([signal, round.wanted(participantId)]);
    using memory = new DisposableStack();
    memory.use(await this.#streams.memory.take(totalBytes, wanted));
    const sealed = await stream.readInto(new Uint8Array(totalBytes), round.traffic, wanted);
    round.handOver(participantId, digest, { sealed, handovers }, memory);
  }
}

/** Bytes of a run's model and its strategy's state, sealed. */
function largestSealedModel({ facts: { plan, dimension } }: ActiveRound): number {
  return sealedModelBytes(dimension + stateLength(plan.strategy, dimension));
}
