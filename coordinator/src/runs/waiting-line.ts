import type { Sessions } from "../participants/sessions.ts";

/** How many participants a run that waits goes on with now. It may fall as time passes and never rises. */
export type Need = () => number;

/** A run's place in the line, until it is disposed. */
export interface Place extends Disposable {
  /** Whether no run that has waited longer can be served by those who are connected. */
  readonly isNext: boolean;
}

/**
 * Runs that wait for participants, the longest waiting first. A run keeps those behind it from taking any while as many
 * as it needs are connected, in rounds or not: rounds end, so its turn comes. One that needs more than there are keeps
 * back nobody.
 */
export class WaitingLine {
  readonly #sessions: Sessions;
  readonly #needs: Need[] = [];

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** Takes the last place. Leaving it wakes those who wait for {@link Sessions.changed}. */
  join(need: Need): Place {
    const needs = this.#needs;
    const sessions = this.#sessions;
    needs.push(need);
    return {
      get isNext() {
        const connected = sessions.connected.length;
        return !needs.slice(0, needs.indexOf(need)).some((older) => older() <= connected);
      },
      [Symbol.dispose]() {
        needs.splice(needs.indexOf(need), 1);
        sessions.changed.notify();
      },
    };
  }
}
