import type { ParticipantId } from "@chorus/aggregation";
import { RoundError } from "./error.ts";

/** What participants are still delivering in the present phase of a round, and whether it is wanted. */
export class Deliveries {
  readonly #wanted = new Map<ParticipantId, AbortController>();

  /** Aborts, with a {@link RoundError} as its reason, once the present phase has ended or the participant has left. */
  wanted(participantId: ParticipantId): AbortSignal {
    const known = this.#wanted.get(participantId);
    if (known !== undefined) return known.signal;
    const wanted = new AbortController();
    this.#wanted.set(participantId, wanted);
    return wanted.signal;
  }

  /** A participant has left. */
  left(participantId: ParticipantId): void {
    const why = `${participantId} has left the round`;
    this.#wanted.get(participantId)?.abort(new RoundError("not-in-cohort", why));
  }

  /** A phase has ended, and another one begins. */
  changed(from: string, to: string): void {
    const why = `the round is ${to}, the message is for ${from}`;
    for (const wanted of this.#wanted.values()) wanted.abort(new RoundError("wrong-phase", why));
    this.#wanted.clear();
  }
}
