import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FollowResponse } from "@chorus/proto/v1/participant";
import { FakeTrainer } from "./fake-trainer.ts";
import { type RunningOptions, RunningParticipant } from "./running-participant.ts";
import { ScriptedCoordinator } from "./scripted-coordinator.ts";
import { LAYOUT } from "./tiny-round.ts";

type Instruction = NonNullable<FollowResponse["instruction"]>;

/** Someone of a cohort, who stays the same when its process is another one. */
export interface Member {
  readonly id: string;
  /** Its state directory. */
  readonly directory: string;
  /** Its newest process. */
  process: RunningParticipant;
}

/** Participants that have checked in; the i-th trains the i-th unit vector. */
export class EncryptedCohort implements AsyncDisposable {
  readonly coordinator: ScriptedCoordinator;
  readonly members: readonly Member[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    coordinator: ScriptedCoordinator,
    members: readonly Member[],
    stack: AsyncDisposableStack,
  ) {
    this.coordinator = coordinator;
    this.members = members;
    this.#stack = stack;
  }

  /** `options`: of the first one, beside what it needs. */
  static async start(options: Partial<RunningOptions> = {}, size = 3): Promise<EncryptedCohort> {
    await using stack = new AsyncDisposableStack();
    const coordinator = stack.use(await ScriptedCoordinator.start());
    const members: Member[] = [];
    for (let i = 0; i < size; i++) {
      const directory = await mkdtemp(join(tmpdir(), "encrypted-"));
      stack.defer(() => rm(directory, { recursive: true }));
      const own = i === 0 ? options : {};
      const process = stack.use(await startProcess(coordinator, i, { ...own, directory }));
      members.push({ id: await coordinator.nextFollower(), directory, process });
    }
    return new EncryptedCohort(coordinator, members, stack.move());
  }

  /** The i-th. */
  member(i: number): Member {
    const member = this.members[i];
    if (member === undefined) throw new Error(`the cohort has ${this.members.length} members`);
    return member;
  }

  /** Stops a participant and starts it again on what it has on disk, once `between` is done with that. */
  async restart(
    i: number,
    between: (directory: string) => Promise<void> = async () => {},
  ): Promise<void> {
    const member = this.member(i);
    await member.process[Symbol.asyncDispose]();
    await between(member.directory);
    member.process = this.#stack.use(
      await startProcess(this.coordinator, i, { directory: member.directory }),
    );
    await this.coordinator.nextFollower();
  }

  tell(instruction: Instruction, i: number): void {
    this.coordinator.tell(instruction, this.member(i).id);
  }

  /** Tells everybody, and resolves when everybody's log has said this. */
  async tellAll(instruction: Instruction, sentence: string): Promise<void> {
    for (const { id } of this.members) this.coordinator.tell(instruction, id);
    await this.allSay(sentence);
  }

  /** Resolves when everybody's log has said this. */
  async allSay(sentence: string): Promise<void> {
    await Promise.all(this.members.map(({ process }) => process.says(sentence)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function startProcess(
  { address }: ScriptedCoordinator,
  i: number,
  options: Partial<RunningOptions>,
): Promise<RunningParticipant> {
  const trainer = new FakeTrainer(new Float32Array(LAYOUT.parameters).fill(1, i, i + 1));
  const own = { coordinator: address, name: `site ${i}`, trainer };
  return RunningParticipant.start({ ...own, ...options });
}
