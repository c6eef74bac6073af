import type { ParticipantId } from "@chorus/aggregation";
import type { RoundFacts } from "./facts.ts";
import type { Instruction } from "./instruction.ts";

/** Who left a round, each with the reason: a code, never text that could quote data. */
export type Departures = Map<ParticipantId, string>;

/** Somebody who left a round. */
export interface Departure {
  /** For people. */
  readonly name: string;
  /** A code. */
  readonly reason: string;
}

/** What the passing of time comes to in a phase. */
export interface Elapsed {
  /** Whom the phase asks anew. */
  readonly asked: readonly ParticipantId[];
  /** Milliseconds until time comes to something again, unless something else happens before. */
  readonly waitMs: number;
}

/** Which of the round policy's two windows a phase has. */
export type Window = "training" | "exchange";

/**
 * A phase that waits for one message from each participant that it asked. It closes when nobody is awaited any more, when
 * `enough` have delivered, at the soft deadline when `quorum` have, and at the hard deadline in any case.
 */
export abstract class Gathering {
  abstract readonly phase: string;
  abstract readonly window: Window;
  readonly facts: RoundFacts;
  /** Who was asked. */
  readonly asked: ReadonlySet<ParticipantId>;
  /** Fewest deliveries that the round can go on with; {@link suffices} may want more. */
  readonly quorum: number;
  /** Who left the round, in this phase or before; one map for the whole round. */
  readonly left: Departures;
  /** Whether those who can still deliver suffice, by their number: they only ever become fewer. */
  readonly #reachable = new Map<number, boolean>();

  constructor(facts: RoundFacts, asked: Iterable<ParticipantId>, quorum: number, left: Departures) {
    this.facts = facts;
    this.asked = new Set(asked);
    this.quorum = quorum;
    this.left = left;
  }

  /** Who has delivered what the phase asks for. */
  abstract readonly delivered: ReadonlySet<ParticipantId>;

  /** What the phase asks of a participant that it asked; undefined for one that has to wait for others. */
  abstract instructionFor(participantId: ParticipantId): Instruction | undefined;

  /** A participant leaves for the rest of the round; the first reason stands. Returns whom the phase asks anew because of it. */
  leave(participantId: ParticipantId, reason: string): readonly ParticipantId[] {
    if (!this.left.has(participantId)) this.left.set(participantId, reason);
    return [];
  }

  /** Time has passed, `passedMs` since the phase began. */
  elapse(_passedMs: number): Elapsed {
    return { asked: [], waitMs: Number.POSITIVE_INFINITY };
  }

  /** A participant's stream of instructions has ended, which it may open again. Returns whom the phase asks anew because of it. */
  disconnected(_participantId: ParticipantId): readonly ParticipantId[] {
    return [];
  }

  /** Whether anything of this participant is still missing. */
  isAsking(participantId: ParticipantId): boolean {
    return this.awaited.includes(participantId);
  }

  /** Deliveries after which waiting for more gains nothing. */
  get enough(): number {
    return this.asked.size;
  }

  /** Asked, here, and not delivered yet. */
  get awaited(): readonly ParticipantId[] {
    // A stage makes its set anew for everybody who asks.
    const { delivered } = this;
    return [...this.asked].filter((id) => !delivered.has(id) && !this.left.has(id));
  }

  /** Whether the round can go on when exactly these have delivered. */
  suffices(delivered: ReadonlySet<ParticipantId>): boolean {
    return delivered.size >= this.quorum;
  }

  get hasQuorum(): boolean {
    return this.suffices(this.delivered);
  }

  /** True when waiting any longer cannot help: all are here, or too many left for a quorum. */
  get isSettled(): boolean {
    return this.delivered.size >= this.enough || this.awaited.length === 0 || !this.canReachQuorum;
  }

  /** Whether the round can go on if all who are awaited deliver. */
  protected get canReachQuorum(): boolean {
    const possible = new Set([...this.delivered, ...this.awaited]);
    const known = this.#reachable.get(possible.size) ?? this.suffices(possible);
    this.#reachable.set(possible.size, known);
    return known;
  }
}
