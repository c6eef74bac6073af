import { readFile } from "node:fs/promises";
import { createIdentity, type Identity, systemRandom } from "@chorus/aggregation";
import type { HonestAnswers, Step, StepCall } from "@chorus/cli/honest-answers";
import {
  type FollowResponse,
  ParticipantServiceClient,
  ParticipantServiceService,
} from "@chorus/proto/v1/participant";
import { credentials, type Metadata, type MethodDefinition } from "@grpc/grpc-js";
import { clientStreamCall, unaryCall } from "./call.ts";
import { checkIn, checkInRequest } from "./check-in.ts";
import type { CoordinatorAddress } from "./coordinator.ts";
import { Turns } from "./turns.ts";
import { unitAnswers } from "./unit-answers.ts";

/** What a test does at a step of a round, knowing what an honest participant sends there; "silent": it is not sent. */
type Deed = (honest: StepCall) => Promise<unknown>;

/**
 * A participant made of raw calls. It takes part in every round honestly, with the unit vector of its place; around a
 * step a test may say what it likes.
 */
export class RawParticipant implements Disposable {
  readonly client: ParticipantServiceClient;
  readonly session: Metadata;
  readonly identity: Identity;
  /** The last honest call of each step. */
  readonly sent: Map<Step, StepCall> = new Map();
  readonly #place: number;
  readonly #turns: Turns;
  readonly #before = new Map<Step, Deed>();
  readonly #after = new Map<Step, Deed>();
  readonly #leaving = new AbortController();

  private constructor(
    client: ParticipantServiceClient,
    session: Metadata,
    identity: Identity,
    place: number,
    turns: Turns,
  ) {
    this.client = client;
    this.session = session;
    this.identity = identity;
    this.#place = place;
    this.#turns = turns;
  }

  /** Enrols as "raw-<place>" and follows. Participants that are many share their turns. */
  static async enrol(
    { grpcPort, invitationFile }: CoordinatorAddress,
    place: number,
    turns: Turns = new Turns(),
  ): Promise<RawParticipant> {
    const client = new ParticipantServiceClient(
      `127.0.0.1:${grpcPort}`,
      credentials.createInsecure(),
      // A connection of its own, as a site has: channels of one process share one otherwise.
      { "grpc.use_local_subchannel_pool": 1 },
    );
    const identity = freshIdentity();
    const invitation = (await readFile(invitationFile, "utf8")).trim();
    const request = await checkInRequest(client, identity, { name: `raw-${place}`, invitation });
    const session = await checkIn(client, request);
    const participant = new RawParticipant(client, session, identity, place, turns);
    void participant.#follow();
    return participant;
  }

  /** Does something at the next occurrence of a step, before the honest answer is sent. Settles as the deed does. */
  before(step: Step, deed: Deed): Promise<void> {
    return awaited(this.#before, step, deed);
  }

  /** Does something at the next occurrence of a step, after the honest answer was taken. Settles as the deed does. */
  after(step: Step, deed: Deed): Promise<void> {
    return awaited(this.#after, step, deed);
  }

  /** Sends the request of a step. Rejects with grpc-js' ServiceError. */
  async send({ step, request }: StepCall): Promise<void> {
    if (step === "submitUpdate")
      await clientStreamCall(
        this.client,
        ParticipantServiceService.submitUpdate,
        request,
        this.session,
      );
    else await unaryCall(this.client, methodOf(step), request, this.session);
  }

  /** Hangs up. */
  [Symbol.dispose](): void {
    this.#leaving.abort();
    this.client.close();
  }

  /** Rejects when an honest answer is refused, which nobody handles: the test run fails then. */
  async #follow(): Promise<void> {
    const call = this.client.follow({}, this.session);
    const { signal } = this.#leaving;
    signal.addEventListener("abort", () => call.cancel(), { once: true });
    let answers = unitAnswers(this.identity, this.#place);
    try {
      for await (const { instruction } of call as AsyncIterable<FollowResponse>) {
        if (instruction?.$case === "invitation")
          answers = await this.#turns.take(() => unitAnswers(this.identity, this.#place));
        if (instruction !== undefined) await this.#answer(answers, instruction);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #answer(
    answers: HonestAnswers,
    instruction: NonNullable<FollowResponse["instruction"]>,
  ): Promise<void> {
    if (instruction.$case === "roundEnded") return;
    const honest = await this.#turns.take(() => answers.answer(instruction));
    if ((await once(this.#before, honest)) === "silent") return;
    await this.send(honest);
    this.sent.set(honest.step, honest);
    await once(this.#after, honest);
  }
}

/** An identity that nobody has enrolled. */
export function freshIdentity(): Identity {
  const seed = new Uint8Array(32);
  systemRandom.fill(seed);
  return createIdentity(seed);
}

/** The steps with one request each. */
function methodOf(step: Exclude<Step, "submitUpdate">): MethodDefinition<unknown, unknown> {
  return ParticipantServiceService[step] as unknown as MethodDefinition<unknown, unknown>;
}

function awaited(deeds: Map<Step, Deed>, step: Step, deed: Deed): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  deeds.set(step, async (honest) => {
    try {
      const then = await deed(honest);
      resolve();
      return then;
    } catch (error) {
      reject(error);
      return undefined;
    }
  });
  return promise;
}

function once(deeds: Map<Step, Deed>, honest: StepCall): Promise<unknown> | undefined {
  const deed = deeds.get(honest.step);
  deeds.delete(honest.step);
  return deed?.(honest);
}
