import type { Seal, SealHandle } from "./seal.ts";

/** What a task holds of an instance, and what it does there. */
export interface Opened<I, O> {
  readonly handles: readonly SealHandle[];
  readonly work: (input: I) => O;
}

/** Something that an instance does again and again with what it holds, until it is disposed of. */
export class SealTask<I, O> implements Disposable {
  readonly #seal: Seal;
  readonly #opened: Opened<I, O>;
  #isOpen = true;

  constructor(seal: Seal, opened: Opened<I, O>) {
    this.#seal = seal;
    this.#opened = opened;
  }

  /** Throws {@link HeError} as every use of the instance; a plain Error after disposal. */
  run(input: I): O {
    if (!this.#isOpen) throw new Error("the task was disposed of");
    return this.#seal.call(() => this.#opened.work(input));
  }

  /** Deletes what it holds. A lost instance's memory is gone as a whole. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#seal.release(this.#opened.handles);
  }
}
