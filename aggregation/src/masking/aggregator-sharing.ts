import { Collection } from "./aggregator-collection.ts";
import {
  refuseShortage,
  requireAmong,
  requireExactly,
  requireFirst,
  requireLength,
} from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import { shortageOfSurvivors } from "./holders.ts";
import type { KeyAdvertisement, ParticipantId, SealedShare } from "./messages.ts";
import { sealedBytes } from "./sealing.ts";

/** The server's second stage: sealed shares come in. */
export class KeySharing {
  readonly #context: ExchangeContext;
  /** By sender. */
  readonly #sealed = new Map<ParticipantId, readonly SealedShare[]>();

  constructor(context: ExchangeContext) {
    this.#context = context;
  }

  /** Sorted by id. */
  get keyBook(): readonly KeyAdvertisement[] {
    return this.#context.keyBook;
  }

  /** Who has delivered. */
  get delivered(): ReadonlySet<ParticipantId> {
    return new Set(this.#sealed.keys());
  }

  /**
   * Takes one participant's sealed shares. Throws {@link MaskingError} and changes nothing unless they are the first of
   * somebody in the key book, and exactly one for each of its neighbours.
   */
  share(from: ParticipantId, shares: readonly SealedShare[]): void {
    const { guard } = this.#context;
    requireAmong([from], new Set(this.#context.participants), "key book", guard);
    requireFirst(this.#sealed, from, "shares", guard);
    const addressees = shares.map(({ to }) => to);
    const neighbours = new Set(this.#context.neighboursOf(from));
    requireExactly(addressees, neighbours, "wrong-shares", `sealed shares of ${from}`, guard);
    const wantedBytes = sealedBytes(this.#context.config);
    for (const share of shares) {
      if (share.from !== from) {
        const message = `${from} delivers a share that claims to be of ${share.from}`;
        guard.refuse(new MaskingError("wrong-shares", message, { participantId: from }));
      }
      requireLength(share.ciphertext, wantedBytes, "sealed share", from, guard);
    }
    this.#sealed.set(from, shares);
  }

  /** Why the round could not go on if exactly these had delivered: what {@link close} throws. undefined when it could. */
  shortage(delivered: ReadonlySet<ParticipantId>): MaskingError | undefined {
    return shortageOfSurvivors(this.#context, delivered, delivered, "sharers");
  }

  /**
   * Ends sharing. Throws {@link MaskingError} `too-few` when fewer than `minSurvivors` have delivered, or, naming a sharer,
   * fewer than `threshold` in its neighbourhood.
   */
  close(): Collection {
    refuseShortage(this.shortage(this.delivered), this.#context.guard);
    return new Collection(this.#context, this.#sealed);
  }
}
