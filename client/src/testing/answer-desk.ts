import type * as wire from "@chorus/proto/v1/participant";
import { ParticipantServiceService } from "@chorus/proto/v1/participant";
import type { Chunk } from "@chorus/proto/v1/types";
import type {
  handleClientStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerReadableStream,
  StatusObject,
} from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { Queue } from "./queue.ts";

/** All messages of a call with a file: a header, then its chunks. */
export interface Sent<Header> {
  readonly header: Header;
  readonly chunks: readonly Chunk[];
}

/** What participants answer, by call. */
export interface Answers {
  acceptRound: wire.AcceptRoundRequest;
  leaveRound: wire.LeaveRoundRequest;
  handOverModel: Sent<wire.HandoverHeader>;
  reportTrained: wire.ReportTrainedRequest;
  advertiseKeys: wire.AdvertiseKeysRequest;
  shareKeys: wire.ShareKeysRequest;
  submitUpdate: Sent<wire.UploadHeader>;
  confirmSurvivors: wire.ConfirmSurvivorsRequest;
  revealShares: wire.RevealSharesRequest;
  reportModel: wire.ReportModelRequest;
}

export type AnswerCall = keyof Answers;
type UnaryCall = Exclude<AnswerCall, "submitUpdate" | "handOverModel">;

/** An answer as it arrived. */
export interface Received<Call extends AnswerCall> {
  readonly participantId: string;
  readonly request: Answers[Call];
  /** The request on the wire; of an upload all messages one after the other. */
  readonly bytes: Uint8Array;
}

type Refusal = Pick<StatusObject, "code" | "details">;

/** Takes participants' answers and keeps them for the test; refuses those that the test wants refused. */
export class AnswerDesk {
  readonly #participantOf: (metadata: Metadata) => string | undefined;
  readonly #queues: { [Call in AnswerCall]: Queue<Received<Call>> } = {
    acceptRound: new Queue(),
    leaveRound: new Queue(),
    handOverModel: new Queue(),
    reportTrained: new Queue(),
    advertiseKeys: new Queue(),
    shareKeys: new Queue(),
    submitUpdate: new Queue(),
    confirmSurvivors: new Queue(),
    revealShares: new Queue(),
    reportModel: new Queue(),
  };
  readonly #heard: (Received<AnswerCall> & { readonly call: AnswerCall })[] = [];
  readonly #refusals = new Map<AnswerCall, Refusal[]>();

  constructor(participantOf: (metadata: Metadata) => string | undefined) {
    this.#participantOf = participantOf;
  }

  /** The next answer by this call that the test has not seen, once there is one. */
  next<Call extends AnswerCall>(call: Call): Promise<Received<Call>> {
    return this.#queues[call].shift();
  }

  /** Every answer by this call so far, byte by byte. */
  heard(call: AnswerCall): { readonly participantId: string; readonly bytes: Uint8Array }[] {
    return this.#heard.filter((answer) => answer.call === call);
  }

  /** The next answer by this call is kept, but the participant is told this. */
  refuseNext(call: AnswerCall, refusal: Refusal): void {
    this.#refusals.set(call, [...(this.#refusals.get(call) ?? []), refusal]);
  }

  /** A handler for one of the calls with one request. */
  unary<Call extends UnaryCall>(name: Call): handleUnaryCall<Answers[Call], object> {
    return (call, callback) => {
      const encode: (request: never) => Buffer = ParticipantServiceService[name].requestSerialize;
      const bytes = encode(call.request as never);
      callback(this.#take(name, call.metadata, call.request, bytes), {});
    };
  }

  /** The handler for uploads. */
  readonly upload: handleClientStreamingCall<wire.SubmitUpdateRequest, object> = (
    call,
    callback,
  ) => {
    const encode = ParticipantServiceService.submitUpdate.requestSerialize;
    void collect(call, encode).then(({ sent, bytes }) =>
      callback(this.#take("submitUpdate", call.metadata, sent, bytes), {}),
    );
  };

  /** The handler for models that are handed over. */
  readonly handover: handleClientStreamingCall<wire.HandOverModelRequest, object> = (
    call,
    callback,
  ) => {
    const encode = ParticipantServiceService.handOverModel.requestSerialize;
    void collect(call, encode).then(({ sent, bytes }) =>
      callback(this.#take("handOverModel", call.metadata, sent, bytes), {}),
    );
  };

  #take<Call extends AnswerCall>(
    call: Call,
    metadata: Metadata,
    request: Answers[Call],
    bytes: Uint8Array,
  ): Refusal | null {
    const participantId = this.#participantOf(metadata);
    if (participantId === undefined)
      return { code: status.UNAUTHENTICATED, details: "no such session" };
    this.#heard.push({ call, participantId, request, bytes });
    this.#queues[call].push({ participantId, request, bytes });
    return this.#refusals.get(call)?.shift() ?? null;
  }
}

/** A message of a call with a file. */
interface Part<Header> {
  readonly part?:
    | { readonly $case: "header"; readonly value: Header }
    | { readonly $case: "chunk"; readonly value: Chunk }
    | undefined;
}

type HeaderOf<Message extends Part<unknown>> = Extract<
  NonNullable<Message["part"]>,
  { $case: "header" }
>["value"];

async function collect<Message extends Part<unknown>>(
  call: ServerReadableStream<Message, object>,
  encode: (message: Message) => Buffer,
): Promise<{ sent: Sent<HeaderOf<Message>>; bytes: Uint8Array }> {
  const messages: Message[] = [];
  for await (const message of call) messages.push(message);
  const [first, ...rest] = messages.map(({ part }) => part);
  if (first?.$case !== "header") throw new Error("a file began without a header");
  const chunks = rest.map((part) => {
    if (part?.$case !== "chunk") throw new Error("a file has something else than chunks");
    return part.value;
  });
  const header = first.value as HeaderOf<Message>;
  return { sent: { header, chunks }, bytes: Buffer.concat(messages.map(encode)) };
}
