/** Wakes whoever waits for "something has changed"; carries no data, so nothing can be missed or doubled. */
export class Notifier {
  #waiters: (() => void)[] = [];

  /** Wakes everyone who waits now. */
  notify(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves at the next {@link notify}; rejects with the signal's reason when aborted first. */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    this.#waiters.push(resolve);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#waiters = this.#waiters.filter((waiter) => waiter !== resolve);
    }
  }
}
