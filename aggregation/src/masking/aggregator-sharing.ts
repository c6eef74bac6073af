import { Collection } from "./aggregator-collection.ts";
import {
  requireAmong,
  requireEnough,
  requireExactly,
  requireFirst,
  requireLength,
} from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { KeyAdvertisement, ParticipantId, SealedShare } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";
import { SEALED_BYTES } from "./sealing.ts";

/** The server's second stage: sealed shares come in. */
export class KeySharing {
  /** Sorted by id. */
  readonly keyBook: readonly KeyAdvertisement[];
  readonly #context: RoundContext;
  /** By sender. */
  readonly #sealed = new Map<ParticipantId, readonly SealedShare[]>();

  constructor(context: RoundContext, keyBook: readonly KeyAdvertisement[]) {
    this.#context = context;
    this.keyBook = keyBook;
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#sealed.keys());
  }

  /**
   * Takes one participant's sealed shares. Throws {@link MaskingError} and changes nothing unless they are the first of
   * somebody in the key book, and exactly one for each of the others.
   */
  share(from: ParticipantId, shares: readonly SealedShare[]): void {
    const book = new Set(this.keyBook.map(({ participantId }) => participantId));
    requireAmong([from], book, "key book");
    requireFirst(this.#sealed, from, "shares");
    book.delete(from);
    const addressees = shares.map(({ to }) => to);
    requireExactly(addressees, book, "wrong-shares", `sealed shares of ${from}`);
    for (const share of shares) {
      if (share.from !== from) {
        const message = `${from} delivers a share that claims to be of ${share.from}`;
        throw new MaskingError("wrong-shares", message, { participantId: from });
      }
      requireLength(share.ciphertext, SEALED_BYTES, "sealed share", from);
    }
    this.#sealed.set(from, shares);
  }

  /** Ends sharing. Throws {@link MaskingError} `too-few` when fewer than `threshold` have delivered. */
  close(): Collection {
    requireEnough(this.#sealed.size, this.#context.config.threshold, "sharers");
    return new Collection(this.#context, this.keyBook, this.#sealed);
  }
}
