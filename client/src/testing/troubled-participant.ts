import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Identity } from "@chorus/aggregation";
import { expect } from "vitest";
import type { Connection } from "../connection.ts";
import { ClientError } from "../error.ts";
import type { Answer } from "../session/answer.ts";
import type { Instruction } from "../session/instruction.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { CrashingParticipant, type Fate, type Surroundings } from "./crashing-participant.ts";
import { FakeTrainer } from "./fake-trainer.ts";
import { FLAWS, LyingCoordinator, offerOf, STEP_OF, type Variant } from "./lying-coordinator.ts";
import { MASKED_STEPS } from "./masked-steps.ts";
import { isWritten, ParticipantModel, type Reaction, type Told } from "./participant-model.ts";
import { LAYOUT, ROUND_ID } from "./tiny-round.ts";

const OTHER_ROUND_ID = "02".repeat(32);

/** What happens to an answer on its way, and to whoever gives it. */
export interface Trouble {
  readonly fate: Fate;
  /** Whether the coordinator forgets the answer, and asks again. */
  readonly isLost: boolean;
  /** With "crash-before": bytes of the last entry in the journal that were not on disk yet. */
  readonly lostBytes: number;
}

export const NO_TROUBLE: Trouble = { fate: "arrives", isLost: false, lostBytes: 0 };

/** Training whose updates can be looked at afterwards. */
class WatchedTrainer extends FakeTrainer {
  readonly deltas: Float32Array[] = [];

  override async train(model: Float32Array, batchSeed: string, signal: AbortSignal) {
    const update = await super.train(model, batchSeed, signal);
    this.deltas.push(update.delta);
    return update;
  }
}

/**
 * A participant whose coordinator lies, forgets and repeats itself, and whose process crashes; beside it the model of what
 * it must do. After every step the two are compared.
 */
export class TroubledParticipant implements AsyncDisposable {
  /** What it answered, why it left, and how it crashed. */
  readonly events: string[] = [];
  readonly #seed: string;
  readonly #surroundings: Surroundings;
  readonly #trainer: WatchedTrainer;
  readonly #model = new ParticipantModel();
  readonly #watch = new AnswerWatch();
  readonly #coordinator: LyingCoordinator;
  #process: CrashingParticipant;
  #starts = 1;

  private constructor(
    seed: string,
    surroundings: Surroundings & { readonly trainer: WatchedTrainer },
    process: CrashingParticipant,
  ) {
    this.#seed = seed;
    this.#surroundings = surroundings;
    this.#trainer = surroundings.trainer;
    this.#process = process;
    this.#coordinator = new LyingCoordinator(surroundings.identity, 4);
  }

  /** A participant that was never in a round. `connection`: for the model to train from. */
  static async start(
    seed: string,
    identity: Identity,
    connection: Connection,
  ): Promise<TroubledParticipant> {
    const directory = await mkdtemp(join(tmpdir(), "troubled-"));
    const trainer = new WatchedTrainer(new Float32Array(LAYOUT.parameters).fill(1));
    const surroundings = { directory, identity, connection, trainer };
    const process = await CrashingParticipant.start(surroundings, seed);
    return new TroubledParticipant(seed, surroundings, process);
  }

  /** It is asked for the next step, or again for the one whose answer was lost. */
  async proceed(variant: Variant, trouble: Trouble): Promise<void> {
    await this.#tell([this.#coordinator.ask(this.#coordinator.step, variant)], trouble, variant);
  }

  /** It is asked again for a step that it was asked for before. */
  async repeat(step: number): Promise<void> {
    const instruction = this.#coordinator.repeat(
      MASKED_STEPS[step % MASKED_STEPS.length] ?? "invitation",
    );
    if (instruction !== undefined) await this.#tell([instruction]);
  }

  /** It is asked for the next step, for that again and for an old one, before it can answer. */
  async hurry(): Promise<void> {
    const { step } = this.#coordinator;
    const next = this.#coordinator.ask(step, "full");
    const old = this.#coordinator.repeat("invitation") ?? next;
    await this.#tell([next, structuredClone(next), old]);
  }

  /** It is told something else about the step that it answered last. */
  async contradict(): Promise<void> {
    const instruction = this.#coordinator.contradict();
    if (instruction !== undefined) await this.#tell([instruction]);
  }

  /** It is asked for a step whose turn has not come. */
  async jump(step: number): Promise<void> {
    const instruction = this.#coordinator.jump(
      MASKED_STEPS[step % MASKED_STEPS.length] ?? "reveal",
    );
    if (instruction !== undefined) await this.#tell([instruction]);
  }

  /** It is told something about the round that cannot be read. */
  async confuse(): Promise<void> {
    const error = new ClientError("protocol", "got nothing, wanted something");
    await this.#tell([{ kind: "malformed", roundId: ROUND_ID, error }]);
  }

  /** It is invited to another attempt at the round. */
  async giveUp(): Promise<void> {
    const roundId = OTHER_ROUND_ID;
    const offer = { ...offerOf("full"), roundId };
    await this.#tell([{ kind: "invitation", roundId, offer }]);
  }

  /** The round ends without a sum. */
  async end(): Promise<void> {
    this.#model.ended(ROUND_ID);
    this.#process.tell({
      kind: "round-ended",
      roundId: ROUND_ID,
      abandoned: "too few",
      modelHash: "",
    });
    await this.#settle([]);
    this.#checkWiped();
  }

  /** Its process ends and is started again. */
  async crash(): Promise<void> {
    this.#model.crashed();
    await this.#restart(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.crash();
    await rm(this.#surroundings.directory, { recursive: true });
  }

  async #tell(
    instructions: readonly Exclude<Instruction, { kind: "round-ended" }>[],
    { fate, isLost, lostBytes }: Trouble = NO_TROUBLE,
    variant: Variant = "full",
  ): Promise<void> {
    const told = instructions.map((instruction) => toldOf(instruction, variant));
    // What waits already is not told twice.
    const distinct = [...new Map(told.map((one) => [one.content, one])).values()];
    const expected = distinct.flatMap((one) => this.#model.tell(one) ?? []);
    const answer = expected.find((reaction) => "step" in reaction);
    this.#process.fate = answer === undefined ? "arrives" : fate;
    for (const instruction of instructions) this.#process.tell(instruction);
    await this.#settle(answer !== undefined && fate === "crash-before" ? [] : expected, isLost);
    if (answer !== undefined && fate === "too-late") this.#model.tooLate();
    this.#checkWiped();
    if (answer === undefined || !this.#process.hasCrashed) return;
    this.events.push(fate);
    const isTorn =
      answer.isNew && isWritten(answer.step) && fate === "crash-before" && lostBytes > 0;
    if (isTorn) this.events.push("torn");
    this.#model.crashed(isTorn ? answer.step : undefined);
    await this.#restart(isTorn ? lostBytes : 0);
  }

  /** Waits until it has done what it was told, and compares. */
  async #settle(expected: readonly Reaction[], isLost = false): Promise<void> {
    await this.#process.quiet();
    const arrived = this.#process.arrived.splice(0);
    expect(arrived.map(({ answer }) => reactionOf(answer))).toEqual(
      expected.map((reaction) => ("step" in reaction ? reaction.step : reaction.reason)),
    );
    for (const arrival of arrived) {
      this.events.push(reactionOf(arrival.answer));
      this.#watch.arrived(arrival, this.#model.lives);
      if (!isLost) this.#coordinator.received(arrival.answer);
    }
  }

  async #restart(lostBytes: number): Promise<void> {
    await this.#process.crash(lostBytes);
    this.#starts += 1;
    this.#process = await CrashingParticipant.start(
      this.#surroundings,
      `${this.#seed} ${this.#starts}`,
    );
  }

  /** An update is there as long as it is needed, and no longer. */
  #checkWiped(): void {
    const held = this.#trainer.deltas.filter((delta) => delta.some((value) => value !== 0));
    expect(held).toHaveLength(this.#model.holdsUpdate ? 1 : 0);
  }
}

function toldOf(
  instruction: Exclude<Instruction, { kind: "round-ended" }>,
  variant: Variant,
): Told {
  const { roundId, kind } = instruction;
  if (kind === "open-sum") throw new Error("the round is masked only");
  if (kind === "malformed") return { roundId, step: undefined, content: kind };
  const told = { roundId, step: kind, content: JSON.stringify(instruction) };
  return variant === "flawed" ? { ...told, flaw: FLAWS[kind] } : told;
}

/** The step that an answer is to, or why the round was left. */
function reactionOf(answer: Answer): string {
  return answer.kind === "leave-round" ? answer.reason : (STEP_OF[answer.kind] ?? "");
}
