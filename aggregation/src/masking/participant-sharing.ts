import type { RandomSource } from "../random.ts";
import {
  requireAmong,
  requireDistinct,
  requireEnough,
  requireExactly,
  requireLength,
} from "./checks.ts";
import { MaskingError } from "./error.ts";
import { HeldShares } from "./held-shares.ts";
import { MaskSet } from "./mask-set.ts";
import { pairwiseMask, selfMask } from "./mask-stream.ts";
import type { KeyAdvertisement, ParticipantId, SealedShare } from "./messages.ts";
import { MaskingStage } from "./participant-masking.ts";
import { othersThan, type Seat } from "./participant-seat.ts";
import type { RoundKeys } from "./round-keys.ts";
import { openShare, SEALED_BYTES, sealingKey, sealShare } from "./sealing.ts";
import { SingleUseSecret } from "./single-use.ts";

/** Checked advertisements by participant. */
export type KeyBook = ReadonlyMap<ParticipantId, KeyAdvertisement>;

/** A participant's second stage: its shares are sealed, the others' are not there yet. */
export class SharingStage implements Disposable {
  /** One for every other participant in the book. */
  readonly sealedShares: readonly SealedShare[];
  readonly #seat: Seat;
  readonly #book: KeyBook;
  readonly #secrets: SingleUseSecret<SharingSecrets>;

  private constructor(
    seat: Seat,
    book: KeyBook,
    secrets: SharingSecrets,
    sealedShares: readonly SealedShare[],
  ) {
    this.sealedShares = sealedShares;
    this.#seat = seat;
    this.#book = book;
    this.#secrets = new SingleUseSecret(secrets);
  }

  /** Seals a share for everybody else in the book. Throws {@link MaskingError} `bad-key`; `keys` stay the caller's then. */
  static begin(seat: Seat, keys: RoundKeys, book: KeyBook, random: RandomSource): SharingStage {
    const { context, identity } = seat;
    const self = identity.participantId;
    using polynomial = keys.polynomial(context.config.threshold, random);
    const ownShare = polynomial.shareAt(context.shareIndexOf(self));
    const secrets = new SharingSecrets(keys, ownShare);
    const sealed: SealedShare[] = [];
    for (const peer of othersThan(seat, book.keys())) {
      using secret = keys.encryption.agree(peer, entryOf(book, peer).encryptionKey);
      const key = sealingKey(secret, context, self, peer);
      const share = polynomial.shareAt(context.shareIndexOf(peer));
      sealed.push(sealShare(key, context, self, peer, share));
      for (const bytes of [key, share]) bytes.fill(0);
      secrets.openingKeys.set(peer, sealingKey(secret, context, peer, self));
    }
    return new SharingStage(seat, book, secrets, sealed);
  }

  /**
   * Opens the shares that others sealed for this participant and agrees on masks with them. Throws {@link MaskingError}
   * and changes nothing unless `sharers` are at least `threshold` members of the book, this participant among them, and
   * `sealed` holds exactly one share from each of the others that opens.
   */
  openShares(sharers: readonly ParticipantId[], sealed: readonly SealedShare[]): MaskingStage {
    const secrets = this.#secrets.get();
    const known = this.#checkSharers(sharers);
    this.#checkSealed(known, sealed);
    const held = this.#open(secrets, sealed);
    const masks = this.#agree(secrets, known);
    this.#secrets.take()[Symbol.dispose]();
    return new MaskingStage(this.#seat, known, masks, held);
  }

  /** Wipes keys and shares, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#secrets[Symbol.dispose]();
  }

  #checkSharers(sharers: readonly ParticipantId[]): ReadonlySet<ParticipantId> {
    const distinct = requireDistinct(sharers);
    requireAmong(distinct, new Set(this.#book.keys()), "key book");
    if (!distinct.has(this.#seat.identity.participantId)) {
      throw new MaskingError("own-message-missing", "the sharers lack this participant");
    }
    requireEnough(distinct.size, this.#seat.context.config.threshold, "sharers");
    return distinct;
  }

  #checkSealed(sharers: ReadonlySet<ParticipantId>, sealed: readonly SealedShare[]): void {
    const self = this.#seat.identity.participantId;
    const froms = sealed.map(({ from }) => from);
    const others = new Set(othersThan(this.#seat, sharers));
    requireExactly(froms, others, "wrong-shares", "sealed shares");
    for (const { from, to, ciphertext } of sealed) {
      if (to !== self) {
        const message = `a share of ${from} is for ${to}, wanted ${self}`;
        throw new MaskingError("wrong-shares", message, { participantId: from });
      }
      requireLength(ciphertext, SEALED_BYTES, "sealed share", from);
    }
  }

  #open(secrets: SharingSecrets, sealed: readonly SealedShare[]): HeldShares {
    const { context, identity } = this.#seat;
    const shares = new Map<ParticipantId, Uint8Array>();
    shares.set(identity.participantId, secrets.ownShare.slice());
    for (const share of sealed) {
      shares.set(share.from, openShare(secrets.openingKeyFor(share.from), context, share));
    }
    return new HeldShares(shares);
  }

  #agree({ keys }: SharingSecrets, sharers: ReadonlySet<ParticipantId>): MaskSet {
    const { context, identity } = this.#seat;
    const self = identity.participantId;
    const pairwise = othersThan(this.#seat, sharers).map((peer) => {
      using secret = keys.mask.agree(peer, entryOf(this.#book, peer).maskKey);
      return pairwiseMask(context, secret, self, peer, "put-on");
    });
    const own = keys.withSelfMaskSeed((seed) => selfMask(context, seed, self, "put-on"));
    return new MaskSet([own, ...pairwise]);
  }
}

/** What a participant keeps between sealing its shares and opening the others'. */
class SharingSecrets implements Disposable {
  readonly keys: RoundKeys;
  /** 64 bytes. */
  readonly ownShare: Uint8Array;
  /** AES-256 keys of what others seal for this participant. */
  readonly openingKeys: Map<ParticipantId, Uint8Array> = new Map();

  constructor(keys: RoundKeys, ownShare: Uint8Array) {
    this.keys = keys;
    this.ownShare = ownShare;
  }

  openingKeyFor(from: ParticipantId): Uint8Array {
    const key = this.openingKeys.get(from);
    if (key === undefined) throw new Error(`no opening key for ${from}`);
    return key;
  }

  [Symbol.dispose](): void {
    this.keys[Symbol.dispose]();
    for (const bytes of [this.ownShare, ...this.openingKeys.values()]) bytes.fill(0);
  }
}

function entryOf(book: KeyBook, participantId: ParticipantId): KeyAdvertisement {
  const entry = book.get(participantId);
  if (entry === undefined) throw new Error(`${participantId} is not in the checked key book`);
  return entry;
}
