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
import { fewestAdvertised, isEncrypted, type RoundConfig } from "./config.ts";
import { MaskingError } from "./error.ts";
import { ExchangeContext } from "./exchange-context.ts";
import { type Guard, strictGuard } from "./guard.ts";
import type { KeyAdvertisement, ParticipantId } from "./messages.ts";
import { requireSeat } from "./participant-seat.ts";
import { SharingStage } from "./participant-sharing.ts";
import { RoundContext } from "./round-context.ts";
import { contributionBytes, contributionCommitmentOf } from "./round-key.ts";
import { RoundKeys } from "./round-keys.ts";
import { SingleUseSecret } from "./single-use.ts";

/** What a participant brings to a round's exchange. */
export interface ParticipantSecrets {
  readonly identity: Identity;
  /** 32 random bytes whose commitment (`graphNonceCommitment`) the participant sent before the configuration was made. */
  readonly graphNonce: Uint8Array;
  /** For keys and shares: must be secret. */
  readonly random: RandomSource;
}

/** A participant's first stage: its fresh public keys are ready, the others' are not there yet. */
export class AdvertisingStage implements Disposable {
  readonly advertisement: KeyAdvertisement;
  readonly #context: RoundContext;
  readonly #secrets: ParticipantSecrets;
  readonly #keys: SingleUseSecret<RoundKeys>;

  private constructor(
    context: RoundContext,
    secrets: ParticipantSecrets,
    keys: RoundKeys,
    advertisement: KeyAdvertisement,
  ) {
    this.advertisement = advertisement;
    this.#context = context;
    this.#secrets = secrets;
    this.#keys = new SingleUseSecret(keys, context.guard);
  }

  /**
   * Makes the round's keys and signs them, together with the nonce, which is no secret any more. `config` must have passed
   * `checkRoundConfig`. Throws {@link MaskingError} for a configuration that is not sound, or does not have the identity
   * (`not-in-cohort`) and the commitment to this nonce (`wrong-nonce-commitment`) in its cohort.
   */
  static begin(
    config: RoundConfig,
    secrets: ParticipantSecrets,
    guard: Guard = strictGuard,
  ): AdvertisingStage {
    const { identity, graphNonce, random } = secrets;
    const context = new RoundContext(config, guard);
    requireSeat(context, identity, graphNonce);
    const keys = new RoundKeys(random, contributionBytes(config));
    const advertisement = signAdvertisement(identity, context, {
      encryptionKey: keys.encryption.publicKey,
      maskKey: keys.mask.publicKey,
      selfMaskCommitment: keys.withSelfMaskSeed((seed) =>
        selfMaskCommitmentOf(context, identity.participantId, seed),
      ),
      graphNonce,
      ...keyCommitment(context, identity.participantId, keys),
    });
    return new AdvertisingStage(context, secrets, keys, advertisement);
  }

  /**
   * Shares this participant's two secrets among its neighbours in the book and itself. Throws {@link MaskingError} and
   * changes nothing unless the book has at least `fewestAdvertised` distinct members of the cohort with distinct, signed,
   * usable keys and opened nonces, and this participant's advertisement as it was sent.
   */
  openKeyBook(advertisements: readonly KeyAdvertisement[]): SharingStage {
    const keys = this.#keys.get();
    this.#checkBook(advertisements);
    const { identity, random } = this.#secrets;
    const context = new ExchangeContext(this.#context, advertisements);
    const next = SharingStage.begin({ context, identity }, keys, random);
    this.#keys.take();
    return next;
  }

  /** Wipes the keys, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
  }

  #checkBook(advertisements: readonly KeyAdvertisement[]): void {
    const context = this.#context;
    const { participantId } = this.#secrets.identity;
    const { guard } = context;
    requireDistinct(
      advertisements.map((entry) => entry.participantId),
      guard,
    );
    const fewest = fewestAdvertised(context.config);
    requireEnough(advertisements.length, fewest, "participants in the key book", guard);
    const own = advertisements.find((entry) => entry.participantId === participantId);
    if (own === undefined) {
      throw new MaskingError("own-message-missing", "the key book lacks this participant's keys");
    }
    for (const advertisement of advertisements) checkAdvertisement(context, advertisement);
    if (!isSameAdvertisement(own, this.advertisement)) {
      const message = "the key book has other keys of this participant";
      guard.refuse(new MaskingError("own-message-altered", message));
    }
    requireDistinctKeys(advertisements, guard);
  }
}

/** In an encrypted round, the commitment to what a participant contributes to its key. */
function keyCommitment(
  context: RoundContext,
  participantId: ParticipantId,
  keys: RoundKeys,
): Pick<KeyAdvertisement, "keyCommitment"> {
  if (!isEncrypted(context.config)) return {};
  return keys.withContribution((contribution) => ({
    keyCommitment: contributionCommitmentOf(context, participantId, contribution),
  }));
}
