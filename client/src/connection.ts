import { checkInStatement, type Hash, type Identity } from "@chorus/aggregation";
import { ParticipantServiceClient } from "@chorus/proto/v1/participant";
import {
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  Metadata,
} from "@grpc/grpc-js";
import { ClientError } from "./error.ts";
import { clientStream } from "./rpc/client-stream.ts";
import { serverStream } from "./rpc/server-stream.ts";
import { type Done, unary } from "./rpc/unary.ts";
import type { Answer } from "./session/answer.ts";
import type { Instruction } from "./session/instruction.ts";
import * as wire from "./wire/answers.ts";
import { readChallenge } from "./wire/check-in.ts";
import {
  downloadModelRequest,
  downloadOfRoundRequest,
  type FilePart,
  readFilePart,
} from "./wire/files.ts";
import { readInstruction } from "./wire/instructions.ts";

/** Where the coordinator is, and what this participant says of itself. */
export interface ConnectionOptions {
  /** "host:port". */
  readonly coordinator: string;
  /** Name of the organisation for people. */
  readonly name: string;
  /** Needed once, to enrol; empty otherwise. */
  readonly invitation: string;
  /** TensorFlow.js backend in use. */
  readonly backend: string;
  readonly softwareVersion: string;
}

const MESSAGE_BYTES = 4 * 1_048_576;

/**
 * Measured: grpc-js notices a dead peer never by default, with these settings in 7 s; and it downloads at 0.8 MB/s over 50 ms
 * with its own window.
 */
const channelOptions = {
  "grpc.keepalive_time_ms": 5_000,
  "grpc.keepalive_timeout_ms": 2_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_send_message_length": MESSAGE_BYTES,
  "grpc.max_receive_message_length": MESSAGE_BYTES,
  "grpc-node.flow_control_window": 8 * 1_048_576,
  // Each connection dials for itself: a shared subchannel would add its own waits, up to two minutes, to ours.
  "grpc.use_local_subchannel_pool": 1,
};

/** Longest a call with one answer may take. */
const CALL_MS = 30_000;

/** A channel to the coordinator on which this participant has checked in. Disposal cancels whatever still runs on it. */
export class Connection implements Disposable {
  /** Which federation the coordinator serves. */
  readonly federationId: Hash;
  readonly #client: ParticipantServiceClient;
  readonly #metadata: Metadata;
  readonly #closing: AbortController;

  private constructor(
    client: ParticipantServiceClient,
    closing: AbortController,
    session: { readonly federationId: Hash; readonly token: string },
  ) {
    this.#client = client;
    this.#closing = closing;
    this.federationId = session.federationId;
    this.#metadata = new Metadata();
    this.#metadata.set("chorus-session", session.token);
  }

  /** Dials and checks in. Rejects with grpc-js' ServiceError, with {@link ClientError} `protocol` or the signal's reason. */
  static async open(
    options: ConnectionOptions,
    identity: Identity,
    signal: AbortSignal,
  ): Promise<Connection> {
    const client = new ParticipantServiceClient(
      options.coordinator,
      credentials.createInsecure(),
      channelOptions,
    );
    try {
      const session = await checkIn(client, options, identity, signal);
      return new Connection(client, new AbortController(), session);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new ClientError("unreachable", "the connection was closed"));
    this.#client.close();
  }

  /** Instructions until either side hangs up. */
  async *follow(signal: AbortSignal): AsyncGenerator<Instruction, void, undefined> {
    const messages = serverStream(
      () => this.#client.follow({}, this.#metadata),
      this.#while(signal),
    );
    for await (const message of messages) {
      const instruction = readInstruction(message);
      if (instruction !== undefined) yield instruction;
    }
  }

  /** A model's pieces from `offset` on, as the coordinator sends them. */
  download(
    modelHash: Hash,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<FilePart, void, undefined> {
    const request = downloadModelRequest(modelHash, offset);
    return this.#parts(() => this.#client.downloadModel(request, this.#metadata), signal);
  }

  /** The pieces, from `offset` on, of what the coordinator publishes of a round. */
  downloadTranscript(
    roundId: Hash,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<FilePart, void, undefined> {
    const request = downloadOfRoundRequest(roundId, offset);
    return this.#parts(() => this.#client.downloadTranscript(request, this.#metadata), signal);
  }

  /** The pieces, from `offset` on, of the sealed model that was handed over for a round. */
  downloadHandover(
    roundId: Hash,
    offset: number,
    signal: AbortSignal,
  ): AsyncGenerator<FilePart, void, undefined> {
    const request = downloadOfRoundRequest(roundId, offset);
    return this.#parts(() => this.#client.downloadHandover(request, this.#metadata), signal);
  }

  /** A file's pieces, as a call streams them. */
  async *#parts(
    start: () => ClientReadableStream<Parameters<typeof readFilePart>[0]>,
    signal: AbortSignal,
  ): AsyncGenerator<FilePart, void, undefined> {
    for await (const message of serverStream(start, this.#while(signal)))
      yield readFilePart(message);
  }

  /** Sends an answer and waits until the coordinator has taken it. */
  async send(answer: Answer, signal: AbortSignal): Promise<void> {
    const client = this.#client;
    switch (answer.kind) {
      case "accept-round":
        return this.#call(client.acceptRound, wire.acceptRoundRequest(answer), signal);
      case "leave-round":
        return this.#call(client.leaveRound, wire.leaveRoundRequest(answer), signal);
      case "hand-over-model": {
        const requests = wire.handOverModelRequests(answer);
        const handOver = (done: Done<unknown>) => client.handOverModel(this.#metadata, done);
        await clientStream(handOver, requests, this.#while(signal));
        return;
      }
      case "report-trained":
        return this.#call(client.reportTrained, wire.reportTrainedRequest(answer), signal);
      case "advertise-keys":
        return this.#call(client.advertiseKeys, wire.advertiseKeysRequest(answer), signal);
      case "share-keys":
        return this.#call(client.shareKeys, wire.shareKeysRequest(answer), signal);
      case "submit-update": {
        const requests = wire.submitUpdateRequests(answer);
        const upload = (done: Done<unknown>) => client.submitUpdate(this.#metadata, done);
        await clientStream(upload, requests, this.#while(signal));
        return;
      }
      case "confirm-survivors":
        return this.#call(client.confirmSurvivors, wire.confirmSurvivorsRequest(answer), signal);
      case "reveal-shares":
        return this.#call(client.revealShares, wire.revealSharesRequest(answer), signal);
      case "report-model":
        return this.#call(client.reportModel, wire.reportModelRequest(answer), signal);
    }
  }

  async #call<Request>(
    method: Method<Request, unknown>,
    request: Request,
    signal: AbortSignal,
  ): Promise<void> {
    await call(this.#client, method, request, this.#metadata, this.#while(signal));
  }

  /** Aborted with the caller's signal or when the connection closes. */
  #while(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }
}

/** A generated method with one request and one response. */
type Method<Request, Response> = (
  this: ParticipantServiceClient,
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  done: Done<Response>,
) => ClientUnaryCall;

function call<Request, Response>(
  client: ParticipantServiceClient,
  method: Method<Request, Response>,
  request: Request,
  metadata: Metadata,
  signal: AbortSignal,
): Promise<Response> {
  const start = (done: Done<Response>) =>
    method.call(client, request, metadata, { deadline: Date.now() + CALL_MS }, done);
  return unary(start, signal);
}

/** Proves the identity with a signature over the coordinator's challenge, bound to the federation that it names. */
async function checkIn(
  client: ParticipantServiceClient,
  options: ConnectionOptions,
  identity: Identity,
  signal: AbortSignal,
): Promise<{ federationId: Hash; token: string }> {
  const { name, invitation, backend, softwareVersion } = options;
  const identityKey = identity.publicKey;
  const none = new Metadata();
  const { challenge, federationId } = readChallenge(
    await call(client, client.requestChallenge, { identityKey }, none, signal),
  );
  const signature = identity.sign(checkInStatement(federationId, challenge));
  const capabilities = { backend, softwareVersion };
  const request = { identityKey, name, challenge, signature, invitation, capabilities };
  const response = await call(client, client.checkIn, request, none, signal);
  return { federationId, token: response.sessionToken };
}
