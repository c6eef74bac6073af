import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hexToBytes, type MaskedTranscript } from "@chorus/aggregation";
import type { FollowResponse, Invitation } from "@chorus/proto/v1/participant";
import { FakeTrainer } from "./fake-trainer.ts";
import { MaskedRound } from "./masked-round.ts";
import { publish, stepOf, transcriptBytes } from "./published.ts";
import { RunningParticipant } from "./running-participant.ts";
import { ScriptedCoordinator } from "./scripted-coordinator.ts";
import { invitation, LAYOUT, offer, serve } from "./tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/**
 * A cohort that has gone through a round in which everybody survived. What is then published, and what the first of them
 * is told, is the test's.
 */
export class AuditedRound implements AsyncDisposable {
  readonly coordinator: ScriptedCoordinator;
  /** The first is the one that looks. */
  readonly participants: readonly RunningParticipant[];
  /** What an honest coordinator publishes. */
  readonly transcript: MaskedTranscript;
  /** Of the first participant. */
  readonly id: string;
  readonly #directory: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    round: Pick<AuditedRound, "coordinator" | "participants" | "transcript" | "id">,
    directory: string,
    stack: AsyncDisposableStack,
  ) {
    this.coordinator = round.coordinator;
    this.participants = round.participants;
    this.transcript = round.transcript;
    this.id = round.id;
    this.#directory = directory;
    this.#stack = stack;
  }

  /** `changes`: to what is offered. */
  static async lead(cohort = 3, changes: Partial<Invitation> = {}): Promise<AuditedRound> {
    await using stack = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), "audited-"));
    stack.defer(() => rm(directory, { recursive: true }));
    const coordinator = stack.use(await ScriptedCoordinator.start());
    coordinator.download = serve();
    const participants = [];
    const ids: string[] = [];
    for (let i = 0; i < cohort; i++) {
      const own = i === 0 ? { directory } : {};
      participants.push(stack.use(await start(coordinator, i, own)));
      ids.push(await coordinator.nextFollower());
    }
    const transcript = await new MaskedRound(coordinator).run(changes);
    await Promise.all(participants.map((participant) => participant.says("revealed shares")));
    const id = ids[0] ?? "";
    const round = { coordinator, participants, transcript, id };
    return new AuditedRound(round, directory, stack.move());
  }

  /** The one that looks, before any restart. */
  get first(): RunningParticipant {
    const [first] = this.participants;
    if (first === undefined) throw new Error("a cohort has participants");
    return first;
  }

  /** Tells the first participant. */
  tell(instruction: Instruction): void {
    this.coordinator.tell(instruction, this.id);
  }

  /** Stops the first participant and starts it again on what it has on disk. */
  async restart(): Promise<RunningParticipant> {
    await this.first[Symbol.asyncDispose]();
    const options = { directory: this.#directory };
    const again = this.#stack.use(await start(this.coordinator, 0, options));
    await this.coordinator.nextFollower();
    return again;
  }

  /** Publishes what an honest coordinator would, or another transcript. */
  publishTruly(transcript: MaskedTranscript = this.transcript): void {
    this.coordinator.publish = publish(transcriptBytes(transcript));
  }

  /** What an honest coordinator offers after the first round: the second, from the model that the first has made. */
  get next(): Partial<Invitation> {
    const modelHash = hexToBytes(stepOf(this.transcript).hash, 32);
    return { roundId: new Uint8Array(32).fill(2), round: 2, modelHash };
  }

  /** Offers a round to the first participant and resolves when it has accepted it. */
  async admits(changes: Partial<Invitation>): Promise<void> {
    this.tell(invitation(changes));
    const { request } = await this.coordinator.answers.next("acceptRound");
    const { roundId } = offer(changes);
    if (!Buffer.from(roundId).equals(request.roundId)) throw new Error("accepted another round");
  }

  /** Offers a round to the first participant, which leaves it for this reason. */
  async refuses(changes: Partial<Invitation>): Promise<string> {
    this.tell(invitation(changes));
    return await this.reason();
  }

  /** Why the first participant leaves the round that it was told of. */
  async reason(): Promise<string> {
    return (await this.coordinator.answers.next("leaveRound")).request.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The i-th participant of a cohort: it trains the i-th unit vector. */
function start(
  { address }: ScriptedCoordinator,
  i: number,
  options: { readonly directory?: string },
): Promise<RunningParticipant> {
  const trainer = new FakeTrainer(new Float32Array(LAYOUT.parameters).fill(1, i, i + 1));
  return RunningParticipant.start({ coordinator: address, name: `site ${i}`, trainer, ...options });
}
