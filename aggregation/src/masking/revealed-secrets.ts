import { selfMaskCommitmentOf } from "./advertisement.ts";
import type { CollectedRound } from "./collected-round.ts";
import { MaskingError } from "./error.ts";
import { AgreementKey } from "./key-agreement.ts";
import { type MaskStream, pairwiseMask, selfMask } from "./mask-stream.ts";
import type { KeyAdvertisement, ParticipantId, RevealedShares } from "./messages.ts";
import type { RoundContext } from "./round-context.ts";
import { combineShares, type ShamirShare } from "./shamir.ts";

type ByOwner = ReadonlyMap<ParticipantId, readonly ShamirShare[]>;

/** Secrets rebuilt from exactly `threshold` participants' shares, each checked against what its owner advertised. */
export class RevealedSecrets {
  readonly #round: CollectedRound;
  readonly #entries: ReadonlyMap<ParticipantId, KeyAdvertisement>;
  readonly #shares: Readonly<Record<keyof RevealedShares, ByOwner>>;

  /** `revealed`: by participant; `threshold` or more, of which the first by id are used. */
  constructor(round: CollectedRound, revealed: ReadonlyMap<ParticipantId, RevealedShares>) {
    const { keyBook, context } = round;
    this.#round = round;
    this.#entries = new Map(keyBook.map((entry) => [entry.participantId, entry]));
    const used = [...revealed]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, context.config.threshold);
    this.#shares = {
      selfMaskShares: sharesByOwner(context, used, "selfMaskShares"),
      maskKeyShares: sharesByOwner(context, used, "maskKeyShares"),
    };
  }

  /** The self mask of a survivor, to take off. Throws {@link MaskingError} `bad-share` naming it. */
  selfMask(owner: ParticipantId): MaskStream {
    const { context } = this.#round;
    const seed = this.#rebuild(owner, "selfMaskShares");
    const commitment = selfMaskCommitmentOf(context, owner, seed);
    if (Buffer.compare(commitment, this.#entryOf(owner).selfMaskCommitment) !== 0) {
      throw badShare(owner, "self-mask seed");
    }
    return selfMask(context, seed, owner, "take-off");
  }

  /** The masks between a dropout and each of `survivors` in the survivors' vectors, to take off. Throws as {@link selfMask}. */
  pairwiseMasks(dropout: ParticipantId, survivors: Iterable<ParticipantId>): MaskStream[] {
    const { context } = this.#round;
    using key = new AgreementKey(this.#rebuild(dropout, "maskKeyShares"));
    if (Buffer.compare(key.publicKey, this.#entryOf(dropout).maskKey) !== 0) {
      throw badShare(dropout, "mask key");
    }
    return Array.from(survivors, (survivor) => {
      using secret = key.agree(survivor, this.#entryOf(survivor).maskKey);
      return pairwiseMask(context, secret, survivor, dropout, "take-off");
    });
  }

  #rebuild(owner: ParticipantId, kind: keyof RevealedShares): Uint8Array {
    return combineShares(this.#shares[kind].get(owner) ?? []);
  }

  #entryOf(owner: ParticipantId): KeyAdvertisement {
    const entry = this.#entries.get(owner);
    if (entry === undefined) throw new Error(`${owner} is not in the checked key book`);
    return entry;
  }
}

function sharesByOwner(
  context: RoundContext,
  revealed: readonly (readonly [ParticipantId, RevealedShares])[],
  kind: keyof RevealedShares,
): ByOwner {
  const all = revealed.flatMap(([from, shares]) => {
    const index = context.shareIndexOf(from);
    return shares[kind].map(({ owner, share }) => ({ owner, index, share }));
  });
  return Map.groupBy(all, ({ owner }) => owner);
}

function badShare(owner: ParticipantId, what: string): MaskingError {
  const message = `the revealed shares do not rebuild the ${what} that ${owner} advertised`;
  return new MaskingError("bad-share", message, { participantId: owner });
}
