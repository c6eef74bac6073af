import { MaskingError } from "./error.ts";
import { type Guard, strictGuard } from "./guard.ts";

/** What one transition of a stage consumes: whoever comes second gets nothing. Prints nothing of it. */
export class SingleUse<T> {
  readonly #guard: Guard;
  /** In a box, so that any value can be told from none. */
  #box: { readonly value: T } | undefined;

  constructor(value: T, guard: Guard = strictGuard) {
    this.#guard = guard;
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

  /** Hands the value over; a guard that permits `stage-used` keeps it here as well. Throws {@link MaskingError} `stage-used`. */
  take(): T {
    const value = this.get();
    if (!this.#guard.permits("stage-used")) this.#box = undefined;
    return value;
  }
}

/** Secrets for one transition: whoever takes them wipes them. */
export class SingleUseSecret<T extends Disposable> extends SingleUse<T> implements Disposable {
  /** What `use` makes of the secrets, which are taken, and wiped afterwards. Throws {@link MaskingError} `stage-used`. */
  spend<R>(use: (secrets: T) => R): R {
    const secrets = this.take();
    try {
      return use(secrets);
    } finally {
      if (!this.isHeld) secrets[Symbol.dispose]();
    }
  }

  /** Wipes the secrets, unless they were taken. */
  [Symbol.dispose](): void {
    if (this.isHeld) this.take()[Symbol.dispose]();
  }
}
