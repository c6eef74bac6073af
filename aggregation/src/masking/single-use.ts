import { MaskingError } from "./error.ts";

/** What one transition of a stage consumes: whoever comes second gets nothing. Prints nothing of it. */
export class SingleUse<T> {
  /** In a box, so that any value can be told from none. */
  #box: { readonly value: T } | undefined;

  constructor(value: T) {
    this.#box = { value };
  }

  /** Whether the value is still here. */
  get isHeld(): boolean {
    return this.#box !== undefined;
  }

  /** The value, which stays here. Throws {@link MaskingError} `stage-used` when it was taken or wiped. */
  get(): T {
    if (this.#box === undefined) {
      throw new MaskingError(
        "stage-used",
        "this stage was left or disposed, it takes no other turn",
      );
    }
    return this.#box.value;
  }

  /** Hands the value over. Throws {@link MaskingError} `stage-used`. */
  take(): T {
    const value = this.get();
    this.#box = undefined;
    return value;
  }
}

/** Secrets for one transition: whoever takes them wipes them. */
export class SingleUseSecret<T extends Disposable> extends SingleUse<T> implements Disposable {
  /** Wipes the secrets, unless they were taken. */
  [Symbol.dispose](): void {
    if (this.isHeld) this.take()[Symbol.dispose]();
  }
}
