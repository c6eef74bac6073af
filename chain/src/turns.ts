import { untilAborted } from "./waiting.ts";

/** Runs tasks one after the other, in the order in which they were given. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Runs the task when those before it have ended, however they ended. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task);
    this.#last = done.then(ended, ended);
    return done;
  }

  /** As {@link Turns.run}; a caller that gives up while it waits is let go at once, and its task is never begun. */
  async runUnlessAborted<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.run(async () => {
      signal.throwIfAborted();
      return await task();
    });
    return await untilAborted(turn, signal);
  }

  /** Resolves when everything that was given so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

/** A task's outcome belongs to whoever gave it; the next task only needs to know that it ended. */
function ended(): void {}
