import { Seal } from "./seal.ts";

/** A tool and the instance it works in. */
interface Made<T> {
  readonly seal: Seal;
  readonly tool: T;
}

/**
 * Keeps a tool that is made of an instance of SEAL, and makes it anew, instance and all, when the instance was lost. State
 * that must outlive an instance is for the caller to keep.
 */
export class Renewed<T extends Disposable> implements AsyncDisposable {
  readonly #make: (seal: Seal) => T;
  #made: Promise<Made<T>> | undefined;

  constructor(make: (seal: Seal) => T) {
    this.#make = make;
  }

  /** Does something with the tool. Rejects with what `work` throws; the next use has a tool that works. */
  async use<R>(work: (tool: T) => R): Promise<R> {
    const { tool } = await this.#usable();
    return work(tool);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const made = await this.#made;
    this.#made = undefined;
    made?.tool[Symbol.dispose]();
    made?.seal[Symbol.dispose]();
  }

  async #usable(): Promise<Made<T>> {
    this.#made ??= this.#open();
    const made = this.#made;
    const { seal } = await made;
    if (!seal.isLost) return made;
    // Whoever waited for the same one may have replaced it already.
    if (this.#made === made) this.#made = undefined;
    return this.#usable();
  }

  async #open(): Promise<Made<T>> {
    try {
      const seal = await Seal.open();
      return { seal, tool: this.#make(seal) };
    } catch (error) {
      this.#made = undefined;
      throw error;
    }
  }
}
