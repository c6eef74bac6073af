import { checkInStatement, type Identity } from "@chorus/aggregation";
import {
  type CheckInResponse,
  FollowResponse,
  ParticipantServiceClient,
  ParticipantServiceService,
  type RequestChallengeResponse,
  SubmitUpdateRequest,
} from "@chorus/proto/v1/participant";
import {
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ACCEPTED } from "../attack.ts";
import type { HonestAnswers, Step, StepCall } from "./honest-answers.ts";

/** What an attack does when it is this participant's turn, before the honest answer is sent; "silent": it is not sent. */
export type Deed = (honest: StepCall, participant: RawParticipant) => Promise<"silent" | undefined>;

/** A participant made of raw calls, honest but for its deeds. */
export class RawParticipant implements Disposable {
  readonly identity: Identity;
  /** Steps at which its honest answer was taken. */
  readonly taken: Set<Step> = new Set();
  /** Everything that it was told. */
  readonly heard: Uint8Array[] = [];
  /** Everything that it said. */
  readonly said: Uint8Array[] = [];
  readonly #client: ParticipantServiceClient;
  readonly #answers: HonestAnswers;
  readonly #deed: Deed;
  #session = new Metadata();
  readonly #leaving = new AbortController();
  readonly #ended = Promise.withResolvers<void>();

  constructor(port: number, identity: Identity, answers: HonestAnswers, deed: Deed) {
    this.identity = identity;
    this.#answers = answers;
    this.#deed = deed;
    const channelOptions = { "grpc.use_local_subchannel_pool": 1 };
    const address = `127.0.0.1:${port}`;
    this.#client = new ParticipantServiceClient(
      address,
      credentials.createInsecure(),
      channelOptions,
    );
  }

  /** Checks in, and enrols. */
  async enrol(name: string, invitation: string): Promise<void> {
    const identityKey = this.identity.publicKey;
    const { requestChallenge, checkIn } = ParticipantServiceService;
    const asked: RequestChallengeResponse = await this.#unary(requestChallenge, { identityKey });
    const { challenge, federationId } = asked;
    const signature = this.identity.sign(checkInStatement(federationId, challenge));
    const capabilities = { backend: "none", softwareVersion: "0" };
    const proof = { identityKey, name, challenge, signature, invitation, capabilities };
    const { sessionToken }: CheckInResponse = await this.#unary(checkIn, proof);
    this.#session = new Metadata();
    this.#session.set("chorus-session", sessionToken);
  }

  /** Resolves when a round has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Answers instructions until it is disposed of. */
  async follow(): Promise<void> {
    const call = this.#client.follow({}, this.#session);
    const { signal } = this.#leaving;
    signal.addEventListener("abort", () => call.cancel(), { once: true });
    try {
      for await (const message of call as AsyncIterable<FollowResponse>) await this.#take(message);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** The reason why a call is refused; {@link ACCEPTED} when it is not. */
  async attempt(call: StepCall, session: Metadata = this.#session): Promise<string> {
    try {
      await this.send(call, session);
      return ACCEPTED;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Sends the request of a step. Rejects with grpc-js' ServiceError. */
  async send({ step, request }: StepCall, session: Metadata = this.#session): Promise<void> {
    if (step === "submitUpdate") await this.#upload(request, session, true);
    else await this.#unary(methodOf(step), request, session);
  }

  /** Begins an upload that never ends. Resolves with the reason for which it is cut. */
  async hang(requests: readonly SubmitUpdateRequest[]): Promise<string> {
    try {
      await this.#upload(requests, this.#session, false);
      return ACCEPTED;
    } catch (error) {
      return reasonOf(error);
    }
  }

  [Symbol.dispose](): void {
    this.#leaving.abort();
    this.#client.close();
  }

  async #take({ instruction }: FollowResponse): Promise<void> {
    if (instruction === undefined) return;
    this.heard.push(FollowResponse.encode({ instruction }).finish());
    if (instruction.$case === "roundEnded") return this.#ended.resolve();
    const honest = this.#answers.answer(instruction);
    if ((await this.#deed(honest, this)) === "silent") return;
    await this.send(honest);
    this.taken.add(honest.step);
  }

  #upload(
    requests: readonly SubmitUpdateRequest[],
    session: Metadata,
    hasEnd: boolean,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const call = this.#client.submitUpdate(session, (error) =>
      error === null ? resolve() : reject(error),
    );
    for (const request of requests) {
      this.said.push(SubmitUpdateRequest.encode(request).finish());
      call.write(request);
    }
    if (hasEnd) call.end();
    return promise;
  }

  #unary<Request, Response>(
    { path, requestSerialize, responseDeserialize }: MethodDefinition<Request, Response>,
    request: Request,
    session: Metadata = this.#session,
  ): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const done = (error: ServiceError | null, response?: Response) =>
      error === null ? resolve(response as Response) : reject(error);
    this.said.push(requestSerialize(request));
    this.#client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      session,
      done,
    );
    return promise;
  }
}

/** The steps with one request each. */
function methodOf(step: Exclude<Step, "submitUpdate">): MethodDefinition<unknown, unknown> {
  return ParticipantServiceService[step] as unknown as MethodDefinition<unknown, unknown>;
}

/** The reason that begins a refusal's text, or the name of its status. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error && "code" in error && "details" in error)) throw error;
  const reason = /^([a-z-]+): /.exec(String(error.details))?.[1];
  return reason ?? status[Number(error.code)] ?? "unknown";
}
