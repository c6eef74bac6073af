import { setImmediate } from "node:timers/promises";

/**
 * Lets the participants of one process work one after the other, with its connections served in between. Otherwise hundreds
 * of them would all answer a broadcast at once, for seconds, in which nobody answers the coordinator's keep-alive.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `work` when all that came before is done. Settles as it does. */
  take<T>(work: () => T): Promise<T> {
    const turn = this.#last.then(() => setImmediate()).then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
