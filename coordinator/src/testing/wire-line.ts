import { once } from "node:events";
import {
  type CommittedUpload,
  configHash,
  type Hash,
  hexToBytes,
  type ModelReport,
  parseRoundConfig,
} from "@chorus/aggregation";
import type { ModelRequest, SealedModel } from "@chorus/aggregation/he";
import type { HandOverModelRequest, ParticipantServiceClient } from "@chorus/proto/v1/participant";
import { RoundTranscript } from "@chorus/proto/v1/transcript";
import type { Chunk } from "@chorus/proto/v1/types";
import {
  type ClientReadableStream,
  type ClientWritableStream,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { ActiveRound } from "../round/active-round.ts";
import { chunksFrom } from "../rpc/chunks.ts";
import { handoverToWire } from "../rpc/wire-handover.ts";
import type { PuppetLine } from "./puppet-line.ts";

type Answered = (error: ServiceError | null) => void;

/** Says it over gRPC. Calls reject with an error whose message is the refusal's details, "code: text". */
export class WireLine implements PuppetLine {
  readonly #client: ParticipantServiceClient;
  readonly #metadata = new Metadata();

  constructor(client: ParticipantServiceClient, sessionToken: string) {
    this.#client = client;
    this.#metadata.set("chorus-session", sessionToken);
  }

  async accept(
    { facts }: ActiveRound,
    planHash: Hash,
    modelRequest: ModelRequest | undefined,
  ): Promise<void> {
    const roundId = hexToBytes(facts.roundId, 32);
    const request = { roundId, planHash: hexToBytes(planHash, 32), modelRequest };
    await answered((done) => this.#client.acceptRound(request, this.#metadata, done));
  }

  async handOver(round: ActiveRound, { sealed, handovers }: SealedModel): Promise<void> {
    await answered((done) => {
      const call = this.#announce(round, sealed.length, handovers, done);
      for (const { chunk } of chunksFrom(sealed, 0))
        call.write({ part: { $case: "chunk", value: chunk } });
      call.end();
    });
  }

  /** Takes over the participant's stream of instructions, waits for the first, and hangs up. */
  async hangUp(): Promise<void> {
    const call = this.#client.follow({}, this.#metadata);
    const ended = new Promise((resolve) => call.on("error", resolve));
    await once(call, "data");
    call.cancel();
    await ended;
  }

  /** Says what comes, of which nothing does. */
  async announceHandover(round: ActiveRound, totalBytes: number): Promise<void> {
    await answered((done) => void this.#announce(round, totalBytes, [], done));
  }

  #announce(
    { facts }: ActiveRound,
    totalBytes: number,
    handovers: SealedModel["handovers"],
    done: Answered,
  ): ClientWritableStream<HandOverModelRequest> {
    const value = {
      roundId: hexToBytes(facts.roundId, 32),
      totalBytes,
      handovers: handovers.map(({ to, handover }) => ({ to, handover: handoverToWire(handover) })),
    };
    const call = this.#client.handOverModel(this.#metadata, done);
    call.write({ part: { $case: "header", value } });
    return call;
  }

  /** In two parts, as after an interruption. */
  async downloadHandover({ facts }: ActiveRound): Promise<Uint8Array> {
    const roundId = hexToBytes(facts.roundId, 32);
    const from = (offset: number) =>
      bytesOf(this.#client.downloadHandover({ roundId, offset }, this.#metadata));
    const [all, rest] = [await from(0), await from(7)];
    return Buffer.concat([all.subarray(0, 7), rest]);
  }

  async upload(
    round: ActiveRound,
    committed: CommittedUpload,
    ciphertexts: Uint8Array,
  ): Promise<void> {
    const chunks = [...chunksFrom(ciphertexts, 0)].map(({ chunk }) => chunk);
    await this.send(round, committed, ciphertexts.length, chunks);
  }

  /** An upload's header, and whatever follows. */
  async send(
    { facts, round }: ActiveRound,
    { upload, commitment }: CommittedUpload,
    totalBytes: number,
    chunks: readonly Chunk[],
  ): Promise<void> {
    const value = {
      roundId: hexToBytes(facts.roundId, 32),
      configHash: hexToBytes("configHash" in round ? round.configHash : "", 32),
      totalBytes,
      commitment: upload,
      vectorCommitment: commitment,
    };
    await answered((done) => {
      const call = this.#client.submitUpdate(this.#metadata, done);
      call.write({ part: { $case: "header", value } });
      for (const chunk of chunks) call.write({ part: { $case: "chunk", value: chunk } });
      call.end();
    });
  }

  async transcript({ facts }: ActiveRound): Promise<Uint8Array> {
    const request = { roundId: hexToBytes(facts.roundId, 32), offset: 0 };
    return await bytesOf(this.#client.downloadTranscript(request, this.#metadata));
  }

  async report(round: ActiveRound, report: ModelReport): Promise<void> {
    const { roundConfig } = RoundTranscript.decode(await this.transcript(round));
    await this.reportFor(round, configHash(parseRoundConfig(roundConfig)), report);
  }

  /** A report, and which configuration it is said to be for. */
  async reportFor(round: ActiveRound, config: Hash, report: ModelReport): Promise<void> {
    const { modelHash, stateHash } = report;
    const request = {
      roundId: hexToBytes(round.facts.roundId, 32),
      configHash: hexToBytes(config, 32),
      report: {
        ...report,
        modelHash: hexToBytes(modelHash, 32),
        stateHash: Buffer.from(stateHash, "hex"),
      },
    };
    await answered((done) => this.#client.reportModel(request, this.#metadata, done));
  }
}

async function answered(call: (done: Answered) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  call((error) => (error === null ? resolve() : reject(new Error(error.details))));
  await promise;
}

async function bytesOf(
  call: ClientReadableStream<{ readonly chunk?: Chunk | undefined }>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const { chunk } of call as AsyncIterable<{ readonly chunk?: Chunk }>)
    parts.push(chunk?.data ?? new Uint8Array());
  return Buffer.concat(parts);
}
