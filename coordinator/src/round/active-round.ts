import type { Hash, ParticipantId, SumVerifier, UnmaskingJob } from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import { Notifier } from "../notifier.ts";
import type { Aggregating, OuterState } from "./aggregating.ts";
import { Abandoned, type Committing } from "./ended.ts";
import { RoundError } from "./error.ts";
import { type Evidence, EvidenceBook, type Statement } from "./evidence.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import type { Departures, Gathering } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";
import { nextChange } from "./next-change.ts";
import { type GatheringPhase, inPhase, isGathering, isSumClosed, type Round } from "./round.ts";
import { Selecting } from "./selecting.ts";

/** What the round does outside itself. */
export interface RoundEffects {
  readonly clock: Clock;
  /** Hands a participant an instruction; nothing happens when it is not connected (it asks again when it is). */
  send(participantId: ParticipantId, instruction: Instruction): void;
  /** Tells of a phase that began or a message that came. */
  progressed(round: ActiveRound): void;
  /** Tells how long a phase took. */
  phaseEnded(phase: string, seconds: number): void;
  /** Runs a job, in place. Rejects with the signal's reason. */
  unmask(job: UnmaskingJob, signal: AbortSignal): Promise<void>;
  /** Reads the model that the round trains from, and the outer optimiser's state. */
  loadParent(): Promise<OuterState>;
  /** Checks the sum against the survivors' commitments. */
  readonly sumVerifier: SumVerifier;
}

/** Somebody who left a round. */
export interface Departure {
  /** For people. */
  readonly name: string;
  /** A code. */
  readonly reason: string;
}

/** Milliseconds that are left of a phase. */
export interface Remaining {
  /** Until it may end with its quorum. */
  readonly softMs: number;
  /** Until it must end. */
  readonly hardMs: number;
}

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
  /** What each participant said at each step: a repetition is answered, a contradiction refused. */
  readonly #said = new Map<string, Statement>();
  readonly #evidence = new EvidenceBook();
  /** Deliveries that take long, in the present phase. */
  readonly #delivering = new Map<ParticipantId, AbortController>();
  #round: Round;
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
   * Applies a participant's message for `phase`; `digest` identifies its content, `signature` is the one in it. A message
   * that was applied before changes nothing. Throws {@link RoundError} `not-in-cohort`, `contradictory-message`, `wrong-phase`, or what
   * `apply` throws; then nothing has changed.
   */
  deliver<P extends GatheringPhase["phase"]>(
    participantId: ParticipantId,
    phase: P,
    digest: Hash,
    apply: (phase: Extract<Round, { phase: P }>) => void,
    signature?: Uint8Array,
  ): void {
    if (this.wasDelivered(participantId, phase, digest, signature)) return;
    apply(this.expecting(participantId, phase, digest, signature));
    this.#said.set(`${participantId} ${phase}`, statementOf(digest, signature));
    this.#effects.progressed(this);
    this.#changed.notify();
  }

  /**
   * The current phase, if it is `phase` and asked this participant. Throws `wrong-phase`, `not-in-cohort`; of an upload that
   * comes too late, digest and signature are kept as evidence.
   */
  expecting<P extends GatheringPhase["phase"]>(
    participantId: ParticipantId,
    phase: P,
    digest: Hash,
    signature?: Uint8Array,
  ): Extract<Round, { phase: P }> {
    if (phase === "collecting" && isSumClosed(this.#round) && this.members.has(participantId)) {
      const refused = statementOf(digest, signature);
      this.#evidence.lateUpload(participantId, phase, refused, this.#effects.clock.now());
    }
    const current = inPhase(this.#round, phase);
    const { asked, left }: Gathering = current;
    if (!asked.has(participantId) || left.has(participantId))
      throw new RoundError("not-in-cohort", `${participantId} is not in this phase of the round`);
    return current;
  }

  /** Whether this very message was applied before. Throws `contradictory-message`, and keeps both, when another one was. */
  wasDelivered(
    participantId: ParticipantId,
    phase: string,
    digest: Hash,
    signature?: Uint8Array,
  ): boolean {
    const taken = this.#said.get(`${participantId} ${phase}`);
    if (taken === undefined || taken.digest === digest) return taken !== undefined;
    const refused = statementOf(digest, signature);
    const nowMs = this.#effects.clock.now();
    this.#evidence.contradiction(participantId, phase, { taken, refused }, nowMs);
    throw new RoundError(
      "contradictory-message",
      `${participantId} already sent another message for ${phase}: had ${taken.digest}, got ${digest}`,
    );
  }

  /** What participants were refused for so far. */
  get evidence(): readonly Evidence[] {
    return this.#evidence.all;
  }

  /**
   * A participant leaves for the rest of the round; what it delivered to the masked exchange stays. `reason`: a code,
   * never text that could quote data.
   */
  leave(participantId: ParticipantId, reason: string): void {
    if (!isGathering(this.#round) || !this.members.has(participantId)) return;
    this.#round.leave(participantId, reason);
    const why = `${participantId} has left the round`;
    this.#delivering.get(participantId)?.abort(new RoundError("not-in-cohort", why));
    this.#effects.progressed(this);
    this.#changed.notify();
  }

  /** What the round asks of a participant now; undefined when it asks nothing. */
  instructionFor(participantId: ParticipantId): Instruction | undefined {
    const round = this.#round;
    if (!isGathering(round) || !round.awaited.includes(participantId)) return undefined;
    return round.instructionFor(participantId);
  }

  /** Who left so far, by name, and why, as a code. */
  get departures(): readonly Departure[] {
    return [...this.#left].map(([id, reason]) => ({
      name: this.members.get(id)?.name ?? id,
      reason,
    }));
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
    const known = this.#delivering.get(participantId);
    if (known !== undefined) return known.signal;
    const delivering = new AbortController();
    this.#delivering.set(participantId, delivering);
    return delivering.signal;
  }

  /** Goes from phase to phase to the end. An abort abandons the round. Rejects on a bug or a store that fails only. */
  async run(signal: AbortSignal): Promise<Committing | Abandoned> {
    for (;;) {
      const round = this.#round;
      if (round.phase === "committing" || round.phase === "abandoned") return round;
      this.#enter(await this.#next(round, signal));
    }
  }

  async #next(round: Exclude<Round, Committing | Abandoned>, signal: AbortSignal): Promise<Round> {
    if (!isGathering(round)) return await this.#aggregate(round, signal);
    for (const id of round.awaited) this.#effects.send(id, round.instructionFor(id));
    this.#effects.progressed(this);
    await this.#gathered(round, signal);
    if (signal.aborted) return new Abandoned(this.facts, String(signal.reason));
    return round.close();
  }

  async #aggregate(round: Aggregating, signal: AbortSignal): Promise<Round> {
    try {
      await this.#effects.unmask(round.unmasking, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      return new Abandoned(this.facts, String(signal.reason));
    }
    return round.aggregate(await this.#effects.loadParent(), this.#effects.sumVerifier);
  }

  /** Resolves when the phase is to be closed. */
  async #gathered(phase: Gathering, signal: AbortSignal): Promise<void> {
    const { clock } = this.#effects;
    while (!phase.isSettled && !signal.aborted) {
      const { softMs, hardMs } = this.#remaining(phase);
      if (hardMs === 0 || (softMs === 0 && phase.hasQuorum)) return;
      await nextChange(this.#changed, softMs > 0 ? softMs : hardMs, clock, signal);
    }
  }

  #remaining({ window }: Gathering): Remaining {
    const { softDeadlineMs, hardDeadlineMs } = this.facts.plan.roundPolicy;
    const passedMs = this.#effects.clock.monotonicMs() - this.#phaseSinceMs;
    return {
      softMs: Math.max(0, softDeadlineMs[window] - passedMs),
      hardMs: Math.max(0, hardDeadlineMs[window] - passedMs),
    };
  }

  #enter(next: Round): void {
    const nowMs = this.#effects.clock.monotonicMs();
    const seconds = (nowMs - this.#phaseSinceMs) / 1000;
    this.phases.push({ phase: this.#round.phase, seconds });
    this.#effects.phaseEnded(this.#round.phase, seconds);
    const why = `the round is ${next.phase}, the message is for ${this.#round.phase}`;
    for (const delivering of this.#delivering.values())
      delivering.abort(new RoundError("wrong-phase", why));
    this.#delivering.clear();
    this.#round = next;
    this.#phaseSinceMs = nowMs;
  }
}

function statementOf(digest: Hash, signature: Uint8Array = new Uint8Array()): Statement {
  return { digest, signature: Buffer.from(signature).toString("hex") };
}
