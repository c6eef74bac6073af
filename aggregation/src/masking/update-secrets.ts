import type { MaskSet } from "./mask-set.ts";

/** What hides one update: its masks, and in an encrypted round what the round's key grows from. Prints nothing of them. */
export class UpdateSecrets implements Disposable {
  readonly masks: MaskSet;
  readonly #keySeed: Uint8Array;

  /** Takes both over. `keySeed`: see `roundKeySeed`. */
  constructor(masks: MaskSet, keySeed: Uint8Array) {
    this.masks = masks;
    this.#keySeed = keySeed;
  }

  /** A copy of what the round's key grows from. */
  copyKeySeed(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#keySeed);
  }

  [Symbol.dispose](): void {
    this.masks[Symbol.dispose]();
    this.#keySeed.fill(0);
  }
}
