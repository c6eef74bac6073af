import { CipherThread } from "./cipher-thread.ts";

const SCRIPT: URL = new URL("./cipher-worker.ts", import.meta.url);

/** Opens the threads that encrypt, and sees to it that none of them outlives the participant. */
export class CipherThreads implements AsyncDisposable {
  readonly #script: URL;
  readonly #open = new Set<CipherThread>();

  /** `script`: what a thread runs. */
  constructor(script: URL = SCRIPT) {
    this.#script = script;
  }

  /** A thread of its own for a round, which has no key yet. Whoever asked for it disposes of it. */
  start(): CipherThread {
    const thread = new CipherThread(this.#script);
    this.#open.add(thread);
    void thread.exited.then(() => this.#open.delete(thread));
    return thread;
  }

  /** Closes what is open still, and resolves when all threads are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    const threads = [...this.#open];
    for (const thread of threads) thread[Symbol.dispose]();
    await Promise.all(threads.map(({ exited }) => exited));
  }
}
