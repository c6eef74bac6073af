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
export class Renewed<T extends Disposable> implements Disposable {
  readonly #make: (seal: Seal) => T;
  #made: Made<T>;
  #isDisposed = false;

  private constructor(make: (seal: Seal) => T, made: Made<T>) {
    this.#make = make;
    this.#made = made;
  }

  /** Rejects with what {@link Seal.open} or `make` throws. */
  static async open<T extends Disposable>(make: (seal: Seal) => T): Promise<Renewed<T>> {
    return new Renewed(make, await madeBy(make));
  }

  /** Does something with the tool. Rejects with what `work` throws; the next use has a tool that works. */
  async use<R>(work: (tool: T) => R): Promise<R> {
    while (this.#made.seal.isLost) {
      if (this.#isDisposed) throw new Error("the tool was disposed of");
      const made = await madeBy(this.#make);
      // Whoever waited beside this one may have replaced it already, or disposed of it.
      if (this.#made.seal.isLost && !this.#isDisposed) this.#made = made;
      else dispose(made);
    }
    return work(this.#made.tool);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    dispose(this.#made);
  }
}

async function madeBy<T>(make: (seal: Seal) => T): Promise<Made<T>> {
  const seal = await Seal.open();
  try {
    return { seal, tool: make(seal) };
  } catch (error) {
    seal[Symbol.dispose]();
    throw error;
  }
}

function dispose({ seal, tool }: Made<Disposable>): void {
  tool[Symbol.dispose]();
  seal[Symbol.dispose]();
}
