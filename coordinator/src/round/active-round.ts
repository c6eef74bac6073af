import type { Hash, ParticipantId } from "@chorus/aggregation";
import type { Clock } from "../clock.ts";
import { Notifier } from "../notifier.ts";
import { Abandoned, type Committing } from "./ended.ts";
import { RoundError } from "./error.ts";
import type { CohortMember, RoundFacts } from "./facts.ts";
import type { Gathering } from "./gathering.ts";
import type { Instruction } from "./instruction.ts";
import { type GatheringPhase, inPhase, isGathering, type Round } from "./round.ts";
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
  /** Reads the model that the round trains from, and the outer optimiser's state. */
  loadParent(): Promise<{ model: Float32Array; state: Float32Array | undefined }>;
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
  /** What each participant said at each step: a repetition is answered, a contradiction refused. */
  readonly #said = new Map<string, Hash>();
  #round: Round;
  #phaseSinceMs: number;

  constructor(facts: RoundFacts, invited: readonly CohortMember[], effects: RoundEffects) {
    this.facts = facts;
    this.members = new Map(invited.map((member) => [member.participantId, member]));
    this.#effects = effects;
    this.#round = new Selecting(facts, invited);
    this.#phaseSinceMs = effects.clock.now();
  }

  get round(): Round {
    return this.#round;
  }

  /**
   * Applies a participant's message for `phase`; `digest` identifies its content. A message that was applied before
   * changes nothing. Throws {@link RoundError} `not-in-cohort`, `contradictory-message`, `wrong-phase`, or what
   * `apply` throws; then nothing has changed.
   */
  deliver<P extends GatheringPhase["phase"]>(
    participantId: ParticipantId,
    phase: P,
    digest: Hash,
    apply: (phase: Extract<Round, { phase: P }>) => void,
  ): void {
    if (this.wasDelivered(participantId, phase, digest)) return;
    apply(this.expecting(participantId, phase));
    this.#said.set(`${participantId} ${phase}`, digest);
    this.#effects.progressed(this);
    this.#changed.notify();
  }

  /** The current phase, if it is `phase` and asked this participant. Throws `wrong-phase`, `not-in-cohort`. */
  expecting<P extends GatheringPhase["phase"]>(
    participantId: ParticipantId,
    phase: P,
  ): Extract<Round, { phase: P }> {
    const current = inPhase(this.#round, phase);
    const { asked, left }: Gathering = current;
    if (!asked.has(participantId) || left.has(participantId))
      throw new RoundError("not-in-cohort", `${participantId} is not in this phase of the round`);
    return current;
  }

  /** Whether this very message was applied before. Throws `contradictory-message` when another one was. */
  wasDelivered(participantId: ParticipantId, phase: string, digest: Hash): boolean {
    const said = this.#said.get(`${participantId} ${phase}`);
    if (said !== undefined && said !== digest)
      throw new RoundError(
        "contradictory-message",
        `${participantId} already sent another message for ${phase}: had ${said}, got ${digest}`,
      );
    return said !== undefined;
  }

  /** A participant leaves for the rest of the round; what it delivered stays. */
  leave(participantId: ParticipantId): void {
    if (!isGathering(this.#round) || !this.members.has(participantId)) return;
    this.#round.left.add(participantId);
    this.#effects.progressed(this);
    this.#changed.notify();
  }

  /** What the round asks of a participant now; undefined when it asks nothing. */
  instructionFor(participantId: ParticipantId): Instruction | undefined {
    const round = this.#round;
    if (!isGathering(round) || !round.awaited.includes(participantId)) return undefined;
    return round.instructionFor(participantId);
  }

  /** When the phase may and must end, in milliseconds of the clock; undefined in a phase that waits for nobody. */
  get deadlines(): { softAtMs: number; hardAtMs: number } | undefined {
    if (!isGathering(this.#round)) return undefined;
    const { softDeadlineMs, hardDeadlineMs } = this.facts.plan.roundPolicy;
    const { window } = this.#round;
    return {
      softAtMs: this.#phaseSinceMs + softDeadlineMs[window],
      hardAtMs: this.#phaseSinceMs + hardDeadlineMs[window],
    };
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
    if (!isGathering(round)) {
      const { model, state } = await this.#effects.loadParent();
      return round.aggregate(model, state);
    }
    for (const id of round.awaited) this.#effects.send(id, round.instructionFor(id));
    this.#effects.progressed(this);
    await this.#gathered(round, signal);
    if (signal.aborted) return new Abandoned(this.facts, String(signal.reason));
    return round.close();
  }

  /** Resolves when the phase is to be closed. */
  async #gathered(phase: Gathering, signal: AbortSignal): Promise<void> {
    const { clock } = this.#effects;
    const { softAtMs, hardAtMs } = this.deadlines ?? { softAtMs: 0, hardAtMs: 0 };
    while (!phase.isSettled && !signal.aborted) {
      const nowMs = clock.now();
      if (nowMs >= hardAtMs || (nowMs >= softAtMs && phase.hasQuorum)) return;
      await this.#wake((nowMs < softAtMs ? softAtMs : hardAtMs) - nowMs, signal);
    }
  }

  /** Resolves after `ms`, at the next message, or when aborted, whichever comes first. */
  async #wake(ms: number, signal: AbortSignal): Promise<void> {
    const awake = new AbortController();
    const either = AbortSignal.any([signal, awake.signal]);
    const waits = [this.#effects.clock.sleep(ms, either), this.#changed.next(either)];
    try {
      await Promise.race(waits);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      awake.abort();
      await Promise.allSettled(waits);
    }
  }

  #enter(next: Round): void {
    const nowMs = this.#effects.clock.now();
    const seconds = (nowMs - this.#phaseSinceMs) / 1000;
    this.phases.push({ phase: this.#round.phase, seconds });
    this.#effects.phaseEnded(this.#round.phase, seconds);
    this.#round = next;
    this.#phaseSinceMs = nowMs;
  }
}
