import type { ParticipantId, RevealedShare } from "./messages.ts";

/** Shares of everybody's two secrets that one participant holds, its own among them. Prints nothing of them. */
export class HeldShares implements Disposable {
  /** By owner: 32 bytes of the self-mask seed's share, 32 of the mask-key seed's. */
  readonly #shares: ReadonlyMap<ParticipantId, Uint8Array>;

  constructor(shares: ReadonlyMap<ParticipantId, Uint8Array>) {
    this.#shares = shares;
  }

  /** Copies of the self-mask shares of these owners. */
  selfMaskShares(owners: Iterable<ParticipantId>): RevealedShare[] {
    return this.#select(owners, 0);
  }

  /** Copies of the mask-key shares of these owners. */
  maskKeyShares(owners: Iterable<ParticipantId>): RevealedShare[] {
    return this.#select(owners, 32);
  }

  [Symbol.dispose](): void {
    for (const share of this.#shares.values()) share.fill(0);
  }

  #select(owners: Iterable<ParticipantId>, offset: number): RevealedShare[] {
    return Array.from(owners, (owner) => {
      const share = this.#shares.get(owner);
      if (share === undefined) throw new Error(`no share of ${owner} is held`);
      return { owner, share: share.slice(offset, offset + 32) };
    });
  }
}
