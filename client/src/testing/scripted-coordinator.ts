import { checkInStatement, participantIdOf, verifySignature } from "@chorus/aggregation";
import {
  type CheckInRequest,
  type DownloadHandoverRequest,
  type DownloadHandoverResponse,
  type DownloadModelRequest,
  type DownloadModelResponse,
  type DownloadTranscriptRequest,
  type DownloadTranscriptResponse,
  type FollowRequest,
  type FollowResponse,
  type ParticipantServiceServer,
  ParticipantServiceService,
} from "@chorus/proto/v1/participant";
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { AnswerDesk } from "./answer-desk.ts";
import { Queue } from "./queue.ts";

export const FEDERATION_ID: string = "fe".repeat(32);

type Refusal = Pick<StatusObject, "code" | "details">;
type Follower = ServerWritableStream<FollowRequest, FollowResponse>;
export type Downloading = ServerWritableStream<DownloadModelRequest, DownloadModelResponse>;
export type HandingOut = ServerWritableStream<DownloadHandoverRequest, DownloadHandoverResponse>;
export type Publishing = ServerWritableStream<
  DownloadTranscriptRequest,
  DownloadTranscriptResponse
>;

/** The other end of the wire: checks participants in as the protocol says, and beyond that does what the test tells it. */
export class ScriptedCoordinator implements AsyncDisposable {
  readonly #server = new Server();
  readonly #challenge = new Uint8Array(32).fill(7);
  readonly #sessions = new Map<string, string>();
  readonly #followers = new Map<string, Follower>();
  readonly #arrivals = new Queue<string>();
  #port = 0;
  readonly answers: AnswerDesk = new AnswerDesk((metadata) => this.#participantOf(metadata));
  readonly checkIns: CheckInRequest[] = [];
  /** What the next check-ins are refused with. */
  readonly refusals: Refusal[] = [];
  /** Serves downloads; by default empty ones. */
  download: (call: Downloading) => void = (call) => call.end();
  /** Serves models that were handed over; by default empty ones. */
  handOut: (call: HandingOut) => void = (call) => call.end();
  /** Serves transcripts; by default there is none. */
  publish: (call: Publishing) => void = withheld;

  /** Listens on a free port, or on this one. */
  static async start(port = 0): Promise<ScriptedCoordinator> {
    const coordinator = new ScriptedCoordinator();
    await coordinator.#listen(port);
    return coordinator;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The id of the next participant that opens its stream of instructions. */
  nextFollower(): Promise<string> {
    return this.#arrivals.shift();
  }

  /** Tells one participant, or the only one there is. */
  tell(instruction: FollowResponse["instruction"], participantId?: string): void {
    const [only] = this.#followers.keys();
    const follower = this.#followers.get(participantId ?? only ?? "");
    if (follower === undefined) throw new Error("that participant does not follow");
    follower.write({ instruction });
  }

  /** Tokens of the sessions that are open. */
  get tokens(): string[] {
    return [...this.#sessions.keys()];
  }

  /** Ends all streams of instructions in good order. */
  hangUp(): void {
    for (const follower of this.#followers.values()) follower.end();
    this.#followers.clear();
  }

  /** Forgets all sessions, as a restarted coordinator has, while streams stay open. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  /** Dies: connections break, calls are lost. */
  crash(): void {
    this.#server.forceShutdown();
  }

  /** Resolves when every call has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
  }

  async #listen(port: number): Promise<void> {
    this.#server.addService(ParticipantServiceService, this.#service());
    this.#port = await new Promise((resolve, reject) =>
      this.#server.bindAsync(
        `127.0.0.1:${port}`,
        ServerCredentials.createInsecure(),
        (error, bound) => (error === null ? resolve(bound) : reject(error)),
      ),
    );
  }

  #service(): ParticipantServiceServer {
    const { answers } = this;
    return {
      requestChallenge: (_call, callback) =>
        callback(null, { challenge: this.#challenge, federationId: FEDERATION_ID }),
      checkIn: (call, callback) => {
        const refusal = this.refusals.shift() ?? this.#checkProof(call.request);
        if (refusal !== undefined) return callback(refusal);
        callback(null, this.#open(call.request));
      },
      follow: (call) => this.#follow(call),
      downloadModel: (call) => this.download(call),
      downloadHandover: (call) => this.handOut(call),
      downloadTranscript: (call) => this.publish(call),
      acceptRound: answers.unary("acceptRound"),
      leaveRound: answers.unary("leaveRound"),
      handOverModel: answers.handover,
      reportTrained: answers.unary("reportTrained"),
      advertiseKeys: answers.unary("advertiseKeys"),
      shareKeys: answers.unary("shareKeys"),
      submitUpdate: answers.upload,
      confirmSurvivors: answers.unary("confirmSurvivors"),
      revealShares: answers.unary("revealShares"),
      reportModel: answers.unary("reportModel"),
    };
  }

  #checkProof({ identityKey, signature, challenge }: CheckInRequest): Refusal | undefined {
    const signed = checkInStatement(FEDERATION_ID, challenge);
    if (
      !Buffer.from(challenge).equals(this.#challenge) ||
      !verifySignature(identityKey, signed, signature)
    )
      return { code: status.UNAUTHENTICATED, details: "bad signature" };
    if (this.#followers.has(participantIdOf(identityKey)))
      return { code: status.ABORTED, details: "identity-in-use: it is here" };
    return undefined;
  }

  #open(request: CheckInRequest): { sessionToken: string; participantId: string } {
    this.checkIns.push(request);
    const participantId = participantIdOf(request.identityKey);
    const sessionToken = `token-${this.checkIns.length}-of-${participantId}`;
    this.#sessions.set(sessionToken, participantId);
    return { sessionToken, participantId };
  }

  #follow(call: Follower): void {
    const participantId = this.#participantOf(call.metadata);
    if (participantId === undefined) {
      call.emit("error", { code: status.UNAUTHENTICATED, details: "no such session" });
      return;
    }
    this.#followers.set(participantId, call);
    call.on("cancelled", () => {
      if (this.#followers.get(participantId) === call) this.#followers.delete(participantId);
    });
    this.#arrivals.push(participantId);
  }

  #participantOf(metadata: Metadata): string | undefined {
    return this.#sessions.get(String(metadata.get("chorus-session")[0]));
  }
}

/** Refuses to hand out a transcript, as for a round that is not completed. */
export function withheld(call: Publishing): void {
  call.emit("error", { code: status.NOT_FOUND, details: "unknown-transcript: no such round" });
}

/** Refuses to hand out a transcript because the attempt at the round was abandoned, as it says. */
export function calledAbandoned(call: Publishing): void {
  call.emit("error", { code: status.FAILED_PRECONDITION, details: "abandoned-round: too few" });
}
