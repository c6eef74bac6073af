import type { RandomSource } from "../random.ts";
import {
  requireAmong,
  requireDistinct,
  requireEnough,
  requireExactly,
  requireLength,
} from "./checks.ts";
import { MaskingError } from "./error.ts";
import type { HeldShares } from "./held-shares.ts";
import { MaskSet } from "./mask-set.ts";
import { pairwiseMask, selfMask } from "./mask-stream.ts";
import type { ParticipantId, SealedShare } from "./messages.ts";
import { OpenedShares } from "./opened-shares.ts";
import { MaskingStage } from "./participant-masking.ts";
import { holdersAmong, neighboursAmong, type Seat } from "./participant-seat.ts";
import type { RoundKeys } from "./round-keys.ts";
import { openShare, sealedBytes, sealingKey, sealShare } from "./sealing.ts";
import { SingleUseSecret } from "./single-use.ts";
import { UpdateSecrets } from "./update-secrets.ts";

/** A participant's second stage: its shares are sealed, the others' are not there yet. */
export class SharingStage implements Disposable {
  /** One for every neighbour in the book. */
  readonly sealedShares: readonly SealedShare[];
  readonly #seat: Seat;
  readonly #secrets: SingleUseSecret<SharingSecrets>;

  private constructor(seat: Seat, secrets: SharingSecrets, sealedShares: readonly SealedShare[]) {
    this.sealedShares = sealedShares;
    this.#seat = seat;
    this.#secrets = new SingleUseSecret(secrets, seat.context.guard);
  }

  /** Seals a share for every neighbour in the book. Throws {@link MaskingError} `bad-key`; `keys` stay the caller's then. */
  static begin(seat: Seat, keys: RoundKeys, random: RandomSource): SharingStage {
    const { context, identity } = seat;
    const self = identity.participantId;
    using polynomial = keys.polynomial(context.config.threshold, random);
    const ownShare = polynomial.shareAt(context.shareIndexOf(self, self));
    const secrets = new SharingSecrets(keys, ownShare);
    const sealed: SealedShare[] = [];
    for (const peer of context.neighboursOf(self)) {
      using agreed = keys.encryption.agree(peer, context.entryOf(peer).encryptionKey);
      const key = sealingKey(agreed, context, self, peer);
      const share = polynomial.shareAt(context.shareIndexOf(self, peer));
      const content = keys.withContribution((contribution) => joined(share, contribution));
      sealed.push(sealShare(key, context, self, peer, content));
      for (const bytes of [key, share, content]) bytes.fill(0);
      secrets.openingKeys.set(peer, sealingKey(agreed, context, peer, self));
    }
    return new SharingStage(seat, secrets, sealed);
  }

  /**
   * Opens the shares that neighbours sealed for this participant and agrees on masks with them. Throws
   * {@link MaskingError} and changes nothing unless `sharers` are members of the book, this participant and enough for a
   * threshold in its neighbourhood among them, and `sealed` holds exactly one share from each neighbour that shared, which
   * opens; and, in an encrypted round, holds the contribution to its key that the neighbour committed to.
   */
  openShares(sharers: readonly ParticipantId[], sealed: readonly SealedShare[]): MaskingStage {
    const secrets = this.#secrets.get();
    const known = this.#checkSharers(sharers);
    this.#checkSealed(known, sealed);
    using stack = new DisposableStack();
    const masks = stack.use(this.#agree(secrets, known));
    const { held, keySeed } = this.#open(secrets, sealed);
    stack.move();
    this.#secrets.spend(() => undefined);
    return new MaskingStage(this.#seat, known, new UpdateSecrets(masks, keySeed), held);
  }

  /** Wipes keys and shares, unless a next stage has them. */
  [Symbol.dispose](): void {
    this.#secrets[Symbol.dispose]();
  }

  #checkSharers(sharers: readonly ParticipantId[]): ReadonlySet<ParticipantId> {
    const { context } = this.#seat;
    const { guard } = context;
    const distinct = requireDistinct(sharers, guard);
    requireAmong(distinct, new Set(context.participants), "key book", guard);
    if (!distinct.has(this.#seat.identity.participantId)) {
      const message = "the sharers lack this participant";
      guard.refuse(new MaskingError("own-message-missing", message));
    }
    const { threshold, minSurvivors } = context.config;
    requireEnough(sharers.length, minSurvivors, "sharers", guard);
    const around = holdersAmong(this.#seat, sharers).length;
    requireEnough(around, threshold, "sharers in this participant's neighbourhood", guard);
    return distinct;
  }

  #checkSealed(sharers: ReadonlySet<ParticipantId>, sealed: readonly SealedShare[]): void {
    const { guard, config } = this.#seat.context;
    const self = this.#seat.identity.participantId;
    const froms = sealed.map(({ from }) => from);
    const neighbours = new Set(neighboursAmong(this.#seat, sharers));
    requireExactly(froms, neighbours, "wrong-shares", "sealed shares", guard);
    for (const { from, to, ciphertext } of sealed) {
      if (to !== self) {
        const message = `a share of ${from} is for ${to}, wanted ${self}`;
        guard.refuse(new MaskingError("wrong-shares", message, { participantId: from }));
      }
      requireLength(ciphertext, sealedBytes(config), "sealed share", from, guard);
    }
  }

  #open(
    secrets: SharingSecrets,
    sealed: readonly SealedShare[],
  ): { readonly keySeed: Uint8Array; readonly held: HeldShares } {
    const { context, identity } = this.#seat;
    using opened = new OpenedShares();
    opened.add(identity.participantId, secrets.ownContent());
    for (const share of sealed) {
      opened.add(share.from, openShare(secrets.openingKeyFor(share.from), context, share));
    }
    return { keySeed: opened.keySeed(context), held: opened.takeShares() };
  }

  #agree({ keys }: SharingSecrets, sharers: ReadonlySet<ParticipantId>): MaskSet {
    const { context, identity } = this.#seat;
    const self = identity.participantId;
    using stack = new DisposableStack();
    const pairwise = neighboursAmong(this.#seat, sharers).map((peer) => {
      using secret = keys.mask.agree(peer, context.entryOf(peer).maskKey);
      return stack.use(pairwiseMask(context, secret, self, peer, "put-on"));
    });
    const own = keys.withSelfMaskSeed((seed) => selfMask(context, seed, self, "put-on"));
    stack.move();
    return new MaskSet([own, ...pairwise]);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
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

  /** A copy of this participant's own share, its contribution to an encrypted round's key behind it. */
  ownContent(): Uint8Array {
    return this.keys.withContribution((contribution) => joined(this.ownShare, contribution));
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
