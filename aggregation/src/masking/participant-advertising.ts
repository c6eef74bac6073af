import type { Identity } from "../identity.ts";
import type { RandomSource } from "../random.ts";
import {
  checkAdvertisement,
  isSameAdvertisement,
  requireDistinctKeys,
  selfMaskCommitmentOf,
  signAdvertisement,
} from "./advertisement.ts";
import { requireDistinct, requireEnough } from "./checks.ts";
import type { RoundConfig } from "./config.ts";
import { MaskingError } from "./error.ts";
import type { KeyAdvertisement } from "./messages.ts";
import { type Seat, takeSeat } from "./participant-seat.ts";
import { type KeyBook, SharingStage } from "./participant-sharing.ts";
import { RoundKeys } from "./round-keys.ts";
import { SingleUseSecret } from "./single-use.ts";

/** A participant's first stage: its fresh public keys are ready, the others' are not there yet. */
export class AdvertisingStage implements Disposable {
  readonly advertisement: KeyAdvertisement;
  readonly #seat: Seat;
  readonly #keys: SingleUseSecret<RoundKeys>;
  readonly #random: RandomSource;

  private constructor(
    seat: Seat,
    keys: RoundKeys,
    advertisement: KeyAdvertisement,
    random: RandomSource,
  ) {
    this.advertisement = advertisement;
    this.#seat = seat;
    this.#keys = new SingleUseSecret(keys);
    this.#random = random;
  }

  /**
   * Makes the round's keys and signs them. `config` must have passed `checkRoundConfig`; `random` must be secret. Throws
   * {@link MaskingError} for a configuration that is not sound or does not have `identity` in its cohort.
   */
  static begin(config: RoundConfig, identity: Identity, random: RandomSource): AdvertisingStage {
    const seat = takeSeat(config, identity);
    const keys = new RoundKeys(random);
    const advertisement = signAdvertisement(identity, seat.context, {
      encryptionKey: keys.encryption.publicKey,
      maskKey: keys.mask.publicKey,
      selfMaskCommitment: keys.withSelfMaskSeed((seed) =>
        selfMaskCommitmentOf(seat.context, identity.participantId, seed),
      ),
    });
    return new AdvertisingStage(seat, keys, advertisement, random);
  }

  /**
   * Shares this participant's two secrets among everybody in the book, itself included. Throws {@link MaskingError} and
   * changes nothing unless the book has at least `threshold` distinct members of the cohort with distinct, signed, usable
   * keys, and this participant's advertisement as it was sent.
   */
  openKeyBook(advertisements: readonly KeyAdvertisement[]): SharingStage {
    const keys = this.#keys.get();
    const book = this.#checkBook(advertisements);
    const next = SharingStage.begin(this.#seat, keys, book, this.#random);
    this.#keys.take();
    return next;
  }

  /** Wipes the keys, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
  }

  #checkBook(advertisements: readonly KeyAdvertisement[]): KeyBook {
    const { context, identity } = this.#seat;
    requireDistinct(advertisements.map(({ participantId }) => participantId));
    requireEnough(advertisements.length, context.config.threshold, "participants in the key book");
    const book = new Map(advertisements.map((entry) => [entry.participantId, entry]));
    const own = book.get(identity.participantId);
    if (own === undefined) {
      throw new MaskingError("own-message-missing", "the key book lacks this participant's keys");
    }
    for (const advertisement of advertisements) checkAdvertisement(context, advertisement);
    if (!isSameAdvertisement(own, this.advertisement)) {
      throw new MaskingError(
        "own-message-altered",
        "the key book has other keys of this participant",
      );
    }
    requireDistinctKeys(advertisements);
    return book;
  }
}
