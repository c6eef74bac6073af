import { createHash, randomBytes } from "node:crypto";
import type { Hash, ParticipantId } from "@chorus/aggregation";
import { Notifier } from "../notifier.ts";
import type { Instruction } from "../round/instruction.ts";

/** A participant that has checked in since the coordinator started. */
export interface Session {
  readonly participantId: ParticipantId;
  readonly name: string;
  /** Ed25519, hexadecimal. */
  readonly identityKey: string;
}

interface Stream {
  readonly queue: Instruction[];
  readonly arrived: Notifier;
  readonly hungUp: AbortController;
}

/**
 * Who is here: sessions by token (kept as hashes), and the streams that carry instructions to them. A participant is
 * connected while it follows.
 */
export class Sessions {
  /** Wakes when somebody connects, disconnects or becomes free. */
  readonly changed: Notifier = new Notifier();
  readonly #byToken = new Map<string, Session>();
  readonly #tokenOf = new Map<ParticipantId, string>();
  readonly #streams = new Map<ParticipantId, Stream>();
  /** Which round has taken which participant: one at most. */
  readonly #rounds = new Map<ParticipantId, Hash>();

  /** Opens a session, ending an older one of the same participant; returns its token. */
  open(session: Session): string {
    const token = randomBytes(32).toString("base64url");
    const key = tokenKey(token);
    const older = this.#tokenOf.get(session.participantId);
    if (older !== undefined) this.#byToken.delete(older);
    this.#byToken.set(key, session);
    this.#tokenOf.set(session.participantId, key);
    return token;
  }

  /** The session of a token; undefined when there is none. */
  find(token: string): Session | undefined {
    return this.#byToken.get(tokenKey(token));
  }

  /**
   * Opens the stream of instructions of a participant, beginning with `current`. It ends when the signal aborts or when
   * the participant opens another, after what was queued by then.
   */
  follow(
    { participantId }: Session,
    current: readonly Instruction[],
    signal: AbortSignal,
  ): AsyncGenerator<Instruction> {
    this.#streams.get(participantId)?.hungUp.abort();
    const stream: Stream = {
      queue: [...current],
      arrived: new Notifier(),
      hungUp: new AbortController(),
    };
    this.#streams.set(participantId, stream);
    this.changed.notify();
    return this.#instructions(participantId, stream, signal);
  }

  /** Queues an instruction for a connected participant; dropped when it is not connected. */
  send(participantId: ParticipantId, instruction: Instruction): void {
    const stream = this.#streams.get(participantId);
    if (stream === undefined) return;
    stream.queue.push(instruction);
    stream.arrived.notify();
  }

  isConnected(participantId: ParticipantId): boolean {
    return this.#streams.has(participantId);
  }

  /** Connected participants. */
  get connected(): readonly Session[] {
    return [...this.#byToken.values()].filter(({ participantId }) =>
      this.isConnected(participantId),
    );
  }

  /** Connected participants that are in no round. */
  get free(): readonly Session[] {
    return this.connected.filter(({ participantId }) => !this.#rounds.has(participantId));
  }

  /** The round that a participant is in, if any. */
  roundOf(participantId: ParticipantId): Hash | undefined {
    return this.#rounds.get(participantId);
  }

  /**
   * Takes free participants into a round until {@link release}. Whoever chooses among {@link free} takes without
   * waiting in between, so that no two rounds choose the same. Throws, taking nobody, when one is taken: a bug.
   */
  take(roundId: Hash, participantIds: readonly ParticipantId[]): void {
    const taken = participantIds.find((id) => this.#rounds.has(id));
    if (taken !== undefined)
      throw new Error(`${taken} is in round ${this.#rounds.get(taken)}, wanted for ${roundId}`);
    for (const id of participantIds) this.#rounds.set(id, roundId);
  }

  /** The round has ended: whom it took is free again. */
  release(roundId: Hash): void {
    for (const [id, taker] of this.#rounds) if (taker === roundId) this.#rounds.delete(id);
    this.changed.notify();
  }

  async *#instructions(
    participantId: ParticipantId,
    stream: Stream,
    signal: AbortSignal,
  ): AsyncGenerator<Instruction> {
    const either = AbortSignal.any([signal, stream.hungUp.signal]);
    try {
      for (;;) {
        const instruction = stream.queue.shift();
        if (instruction !== undefined) yield instruction;
        else await stream.arrived.next(either);
      }
    } catch (error) {
      if (!either.aborted) throw error;
    } finally {
      if (this.#streams.get(participantId) === stream) this.#streams.delete(participantId);
      this.changed.notify();
    }
  }
}

function tokenKey(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
