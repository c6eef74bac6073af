/** Bytes of memory that tasks share: who finds too few free waits, first come, first served. */
export class ByteBudget {
  readonly #total: number;
  #free: number;
  #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /**
   * Takes bytes until what it returns is disposed. Whoever wants more than there are in all takes all. Rejects with the
   * signal's reason when aborted first.
   */
  async take(wanted: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const bytes = Math.min(wanted, this.#total);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { bytes, enter: resolve };
    const leave = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      reject(signal.reason);
      this.#admit();
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting.push(waiter);
    this.#admit();
    await promise.finally(() => signal.removeEventListener("abort", leave));
    return { [Symbol.dispose]: () => this.#give(bytes) };
  }

  #give(bytes: number): void {
    this.#free += bytes;
    this.#admit();
  }

  #admit(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || first.bytes > this.#free) return;
      this.#waiting.shift();
      this.#free -= first.bytes;
      first.enter();
    }
  }
}
