import type { ExchangeContext } from "./exchange-context.ts";
import { HeldShares } from "./held-shares.ts";
import type { ParticipantId } from "./messages.ts";
import { roundKeySeed } from "./round-key.ts";
import { SHARE_BYTES } from "./sealing.ts";

/**
 * What sharers sealed for a participant, opened: shares, and in an encrypted round contributions to its key. Disposal wipes
 * the contributions, and the shares unless they were taken. Prints nothing of them.
 */
export class OpenedShares implements Disposable {
  /** By owner: the share, and the contribution behind it. */
  readonly #opened = new Map<ParticipantId, Uint8Array>();
  #isTaken = false;

  /** Takes over what `owner` sealed, as `openShare` opens it. */
  add(owner: ParticipantId, opened: Uint8Array): void {
    this.#opened.set(owner, opened);
  }

  /** What the round's key grows from. Throws as `roundKeySeed`. */
  keySeed(context: ExchangeContext): Uint8Array {
    return roundKeySeed(context, this.#parts(SHARE_BYTES));
  }

  /** The shares, which are no longer wiped here. */
  takeShares(): HeldShares {
    this.#isTaken = true;
    return new HeldShares(this.#parts(0, SHARE_BYTES));
  }

  [Symbol.dispose](): void {
    for (const opened of this.#opened.values()) {
      opened.fill(0, this.#isTaken ? SHARE_BYTES : 0);
    }
  }

  #parts(start: number, end?: number): ReadonlyMap<ParticipantId, Uint8Array> {
    return new Map([...this.#opened].map(([owner, bytes]) => [owner, bytes.subarray(start, end)]));
  }
}
