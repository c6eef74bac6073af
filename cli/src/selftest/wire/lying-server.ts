import { participantIdOf } from "@chorus/aggregation";
import {
  type AdvertiseKeysRequest,
  type DownloadModelResponse,
  type FollowRequest,
  type FollowResponse,
  type LeaveRoundRequest,
  type ParticipantServiceServer,
  ParticipantServiceService,
  type ReportTrainedRequest,
} from "@chorus/proto/v1/participant";
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

/** Which federation it claims to serve. */
export const FEDERATION_ID: string = "fe".repeat(32);

/** What a participant said. */
export interface Said {
  readonly call: "leaveRound" | "reportTrained" | "advertiseKeys";
  /** Why it left; "" for another call. */
  readonly reason: string;
  /** The commitment to its nonce; empty for another call. */
  readonly nonceCommitment: Uint8Array;
  /** The message on the wire. */
  readonly bytes: Uint8Array;
}

type Follower = ServerWritableStream<FollowRequest, FollowResponse>;

/** How a model is served from the byte on that is asked for. */
export type Serve = (offset: number) => readonly DownloadModelResponse[];

/** A gRPC server that lets one participant in and tells it what an attack wants. */
export class LyingServer implements AsyncDisposable {
  readonly #server = new Server();
  /** Everything that participants said to it. */
  readonly heard: Uint8Array[] = [];
  /** The key of who checked in last, 32 bytes. */
  identityKey: Uint8Array = new Uint8Array();
  /** Serves downloads. */
  serve: Serve = () => [];
  readonly #waiting: ((said: Said) => void)[] = [];
  readonly #unheard: Said[] = [];
  #follower = Promise.withResolvers<Follower>();
  #port = 0;

  static async start(): Promise<LyingServer> {
    const lying = new LyingServer();
    lying.#server.addService(ParticipantServiceService, lying.#service());
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    lying.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
    lying.#port = await promise;
    return lying;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Tells the participant, when it is there. */
  async tell(instruction: NonNullable<FollowResponse["instruction"]>): Promise<void> {
    (await this.#follower.promise).write({ instruction });
  }

  /** The next thing that the participant says. */
  next(signal: AbortSignal): Promise<Said> {
    const said = this.#unheard.shift();
    if (said !== undefined) return Promise.resolve(said);
    const { promise, resolve, reject } = Promise.withResolvers<Said>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push((next) => {
      signal.removeEventListener("abort", onAbort);
      resolve(next);
    });
    return promise;
  }

  /** From now on talks to the participant that comes next. */
  forget(): void {
    this.#follower = Promise.withResolvers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #service(): UntypedServiceImplementation {
    const challenge = new Uint8Array(32).fill(7);
    return {
      requestChallenge: (_call, done) => done(null, { challenge, federationId: FEDERATION_ID }),
      checkIn: ({ request }, done) => {
        const { identityKey } = request;
        this.heard.push(ParticipantServiceService.checkIn.requestSerialize(request));
        this.identityKey = identityKey;
        done(null, { sessionToken: "token", participantId: participantIdOf(identityKey) });
      },
      follow: (call) => this.#follower.resolve(call),
      downloadModel: (call) => {
        for (const piece of this.serve(call.request.offset)) call.write(piece);
        call.end();
      },
      leaveRound: this.#hears("leaveRound", ({ reason }) => ({ reason })),
      reportTrained: this.#hears("reportTrained", ({ graphNonceCommitment }) => ({
        nonceCommitment: graphNonceCommitment,
      })),
      advertiseKeys: this.#hears("advertiseKeys", () => ({})),
    } satisfies Partial<ParticipantServiceServer>;
  }

  #hears<Call extends Said["call"]>(
    call: Call,
    read: (request: Requests[Call]) => Partial<Said>,
  ): handleUnaryCall<Requests[Call], object> {
    const encode: (request: never) => Uint8Array = ParticipantServiceService[call].requestSerialize;
    return ({ request }, done) => {
      const bytes = encode(request as never);
      const said = { call, reason: "", nonceCommitment: new Uint8Array(), bytes, ...read(request) };
      this.heard.push(bytes);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#unheard.push(said);
      else waiting(said);
      done(null, {});
    };
  }
}

interface Requests {
  readonly leaveRound: LeaveRoundRequest;
  readonly reportTrained: ReportTrainedRequest;
  readonly advertiseKeys: AdvertiseKeysRequest;
}
