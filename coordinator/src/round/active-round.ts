import {
  type CommittedUpload,
  type EncryptedRoundConfig,
  type Hash,
  isEncrypted,
  type ParticipantId,
} from "@chorus/aggregation";
import type { SealedModel } from "@chorus/aggregation/he";
import { Notifier } from "../notifier.ts";
import type { Aggregating } from "./aggregating.ts";
import type { Collecting } from "./collecting.ts";
import { Deliveries } from "./deliveries.ts";
import type { RoundEffects } from "./effects.ts";
import type { Ciphertexts } from "./encrypted-accumulator.ts";
import { EncryptedAggregating } from "./encrypted-aggregating.ts";
import { Abandoned } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { Evidence } from "./evidence.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import type { Departure, Departures, Gathering } from "./gathering.ts";
import { type Doubt, doubtsOf } from "./handover-doubts.ts";
import type { Instruction } from "./instruction.ts";
import { nextChange } from "./next-change.ts";
import { type Remaining, remainingOf } from "./remaining.ts";
import {
  type EndedRound,
  inPhase,
  isGathering,
  isSumClosed,
  type PhaseOf,
  type Round,
  type Step,
} from "./round.ts";
import { Selecting } from "./selecting.ts";
import { Statements, statementOf } from "./statements.ts";

/** One attempt at a round while it runs: the only part of the round machine with effects. */
export class ActiveRound {
  readonly facts: RoundFacts;
  readonly members: ReadonlyMap<ParticipantId, CohortMember>;
  /** Bytes of this round's messages, all participants together. */
  readonly traffic = { receivedBytes: 0, sentBytes: 0 };
  readonly phases: { phase: string; seconds: number }[] = [];
  readonly #effects: RoundEffects;
  readonly #changed = new Notifier();
  readonly #left: Departures = new Map();
  readonly #statements = new Statements();
  readonly #deliveries = new Deliveries();
  #round: Round;
  #doubts: readonly Doubt[] = [];
  /** By the clock that never jumps. */
  #phaseSinceMs: number;

  constructor(facts: RoundFacts, invited: readonly CohortMember[], effects: RoundEffects) {
    this.facts = facts;
    this.members = new Map(invited.map((member) => [member.participantId, member]));
    this.#effects = effects;
    this.#round = new Selecting(facts, invited, this.#left);
    this.#phaseSinceMs = effects.clock.monotonicMs();
  }

  get round(): Round {
    return this.#round;
  }

  /**
   * Applies what a participant says at a step; `digest` identifies its content, `signature` is the one in it. What was applied
   * before changes nothing: the result is false. Throws {@link RoundError} `not-in-cohort`, `contradictory-message`, `wrong-phase`, or
   * what `apply` throws; then nothing has changed.
   */
  deliver<S extends Step>(
    participantId: ParticipantId,
    step: S,
    digest: Hash,
    apply: (phase: PhaseOf<S>) => void,
    signature?: Uint8Array,
  ): boolean {
    if (this.wasDelivered(participantId, step, digest, signature)) return false;
    apply(this.expecting(participantId, step, digest, signature));
    this.#statements.took(participantId, step, statementOf(digest, signature));
    this.#effects.progressed(this);
    this.#changed.notify();
    return true;
  }

  /**
   * Takes an encrypted update over, and resolves when it was added. `wanted`: as it was when the update began. Throws as
   * {@link deliver}, HeError for what is no ciphertext, and the signal's reason for what is not wanted any more.
   */
  async deliverEncrypted(
    config: EncryptedRoundConfig,
    digest: Hash,
    committed: CommittedUpload,
    ciphertexts: Ciphertexts,
    wanted: AbortSignal,
  ): Promise<void> {
    const { participantId, signature } = committed.upload;
    const { accumulator } = this.#effects;
    const checked = await accumulator.check(config, ciphertexts);
    // It began in time: that the phase has ended meanwhile is no fault of its sender's.
    wanted.throwIfAborted();
    const apply = (phase: Collecting) => phase.accept(committed, checked);
    // Without waiting in between: the sum that the masks are taken off has whatever was accepted.
    if (this.deliver(participantId, "collecting", digest, apply, signature))
      await accumulator.add(config, checked);
  }

  /**
   * Takes the model for those who lack it, and asks them to train. `memory`: of the model, taken over where it is kept.
   * Throws as {@link deliver} and `ModelHandover.take`.
   */
  handOver(from: ParticipantId, digest: Hash, model: SealedModel, memory: DisposableStack): void {
    const asked: ParticipantId[] = [];
    this.deliver(from, "handing-over", digest, (training) => {
      asked.push(...training.handOver(from, model, memory));
    });
    this.#ask(asked);
  }

  /**
   * The current phase, if it is `phase` and asked this participant. Throws `wrong-phase`, `not-in-cohort`; of an upload that
   * comes too late, digest and signature are kept as evidence.
   */
  expecting<S extends Step>(
    participantId: ParticipantId,
    step: S,
    digest: Hash,
    signature?: Uint8Array,
  ): PhaseOf<S> {
    if (step === "collecting" && isSumClosed(this.#round) && this.members.has(participantId)) {
      const refused = statementOf(digest, signature);
      this.#statements.cameLate(participantId, step, refused, this.#effects.clock.now());
    }
    const current = inPhase(this.#round, step);
    const { asked, left }: Gathering = current;
    if (!asked.has(participantId) || left.has(participantId))
      throw new RoundError("not-in-cohort", `${participantId} is not in this phase of the round`);
    return current;
  }

  /** Whether this was applied before. Throws `contradictory-message`, and keeps both, when something else was. */
  wasDelivered(
    participantId: ParticipantId,
    step: Step,
    digest: Hash,
    signature?: Uint8Array,
  ): boolean {
    const statement = statementOf(digest, signature);
    const nowMs = this.#effects.clock.now();
    return this.#statements.wasTaken(participantId, step, statement, nowMs);
  }

  /** What participants were refused for so far. */
  get evidence(): readonly Evidence[] {
    return this.#statements.evidence;
  }

  /**
   * A participant leaves for the rest of the round; what it delivered to the masked exchange stays. `reason`: a code,
   * never text that could quote data.
   */
  leave(participantId: ParticipantId, reason: string): void {
    if (!isGathering(this.#round) || !this.members.has(participantId)) return;
    const asked = this.#round.leave(participantId, reason);
    this.#deliveries.left(participantId);
    this.#askAnew(asked);
    this.#effects.progressed(this);
    this.#changed.notify();
  }

  /** A participant's stream of instructions has ended: it stays, but nobody has to wait for it who can ask another one. */
  disconnected(participantId: ParticipantId): void {
    if (!isGathering(this.#round)) return;
    this.#askAnew(this.#round.disconnected(participantId));
    this.#changed.notify();
  }

  /** What the round asks of a participant now; undefined when it asks nothing. */
  instructionFor(participantId: ParticipantId): Instruction | undefined {
    const round = this.#round;
    return isGathering(round) && round.isAsking(participantId)
      ? round.instructionFor(participantId)
      : undefined;
  }

  /** Who left so far, by name, and why, as a code. */
  get departures(): readonly Departure[] {
    return [...this.#left].map(([id, reason]) => ({ name: this.nameOf(id), reason }));
  }

  /** Who is doubted to hand models over as it should, so far. */
  get doubts(): readonly Doubt[] {
    const round = this.#round;
    if (!isGathering(round) || round.phase !== "training") return this.#doubts;
    return doubtsOf(round.handover, this.#left, (id) => this.nameOf(id));
  }

  /** For people. */
  nameOf(id: ParticipantId): string {
    return this.members.get(id)?.name ?? id;
  }

  /** How long until the phase may and must end, never negative; undefined in a phase that waits for nobody. */
  get remaining(): Remaining | undefined {
    return isGathering(this.#round) ? this.#remaining(this.#round) : undefined;
  }

  /**
   * Aborts, with a {@link RoundError} as its reason, once the present phase has ended or the participant has left: what it
   * is still delivering is no longer wanted.
   */
  wanted(participantId: ParticipantId): AbortSignal {
    return this.#deliveries.wanted(participantId);
  }

  /** Goes from phase to phase to the end. An abort abandons the round. Rejects on a bug or a store that fails only. */
  async run(signal: AbortSignal): Promise<EndedRound> {
    for (;;) {
      const round = this.#round;
      if (round.phase === "committing" || round.phase === "abandoned") return round;
      this.#enter(await this.#next(round, signal));
    }
  }

  async #next(round: Exclude<Round, EndedRound>, signal: AbortSignal): Promise<Round> {
    if (!isGathering(round)) return await this.#aggregate(round, signal);
    this.#ask(round.awaited);
    this.#effects.progressed(this);
    await this.#gathered(round, signal);
    if (signal.aborted) return new Abandoned(this.facts, String(signal.reason));
    return round.close();
  }

  async #aggregate(round: Aggregating | EncryptedAggregating, signal: AbortSignal): Promise<Round> {
    const { accumulator, unmask } = this.#effects;
    try {
      if (round instanceof EncryptedAggregating)
        return round.open(await accumulator.takeOff(round.config, round.masks, signal));
      await unmask(round.unmasking, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      return new Abandoned(this.facts, String(signal.reason));
    }
    return round.aggregate(await this.#effects.loadParent(), this.#effects.sumVerifier);
  }

  /** Tells participants what the phase asks of them, but for those who have to wait for others. */
  #ask(participantIds: readonly ParticipantId[]): void {
    for (const id of participantIds) {
      const instruction = this.instructionFor(id);
      if (instruction !== undefined) this.#effects.send(id, instruction);
    }
  }

  /** Asks those again who may have answered already, as another process of theirs. */
  #askAnew(participantIds: readonly ParticipantId[]): void {
    for (const id of participantIds) this.#statements.askedAgain(id, this.#round.phase);
    this.#ask(participantIds);
  }

  /** Resolves when the phase is to be closed. */
  async #gathered(phase: Gathering, signal: AbortSignal): Promise<void> {
    const { clock } = this.#effects;
    for (;;) {
      const { asked, waitMs } = phase.elapse(this.#passedMs);
      this.#askAnew(asked);
      const { softMs, hardMs } = this.#remaining(phase);
      const isDue = hardMs === 0 || (softMs === 0 && phase.hasQuorum);
      if (isDue || phase.isSettled || signal.aborted) return;
      const nextMs = Math.min(softMs > 0 ? softMs : hardMs, waitMs);
      await nextChange(this.#changed, nextMs, clock, signal);
    }
  }

  #remaining({ window }: Gathering): Remaining {
    return remainingOf(this.facts.plan.roundPolicy, window, this.#passedMs);
  }

  /** Of the present phase. */
  get #passedMs(): number {
    return this.#effects.clock.monotonicMs() - this.#phaseSinceMs;
  }

  #enter(next: Round): void {
    const nowMs = this.#effects.clock.monotonicMs();
    const seconds = (nowMs - this.#phaseSinceMs) / 1000;
    this.phases.push({ phase: this.#round.phase, seconds });
    this.#effects.phaseEnded(this.#round.phase, seconds);
    this.#deliveries.changed(this.#round.phase, next.phase);
    if (this.#round.phase === "training") {
      this.#round.handover[Symbol.dispose]();
      this.#doubts = this.doubts;
    }
    this.#round = next;
    this.#phaseSinceMs = nowMs;
    if (next.phase === "sharing-keys" && isEncrypted(next.config))
      this.#effects.accumulator.prepare(next.config);
  }
}
