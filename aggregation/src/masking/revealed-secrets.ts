import { selfMaskCommitmentOf } from "./advertisement.ts";
import { MaskingError } from "./error.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import { AgreementKey } from "./key-agreement.ts";
import { type MaskStream, pairwiseMask, selfMask } from "./mask-stream.ts";
import type { ParticipantId, RevealedShares } from "./messages.ts";
import { combineShares, type ShamirShare } from "./shamir.ts";

type ByOwner = ReadonlyMap<ParticipantId, readonly ShamirShare[]>;

/** Secrets rebuilt from exactly `threshold` of their holders' shares, each checked against what its owner advertised. */
export class RevealedSecrets {
  readonly #context: ExchangeContext;
  readonly #shares: Readonly<Record<keyof RevealedShares, ByOwner>>;

  /** `revealed`: by participant; of each secret that is asked for, `threshold` shares or more, the first by id are used. */
  constructor(context: ExchangeContext, revealed: ReadonlyMap<ParticipantId, RevealedShares>) {
    this.#context = context;
    const sorted = [...revealed].toSorted(([a], [b]) => (a < b ? -1 : 1));
    this.#shares = {
      selfMaskShares: sharesByOwner(context, sorted, "selfMaskShares"),
      maskKeyShares: sharesByOwner(context, sorted, "maskKeyShares"),
    };
  }

  /** The self mask of a survivor, to take off. Throws {@link MaskingError} `bad-share` naming it. */
  selfMask(owner: ParticipantId): MaskStream {
    const context = this.#context;
    const seed = this.#rebuild(owner, "selfMaskShares");
    const commitment = selfMaskCommitmentOf(context.round, owner, seed);
    if (Buffer.compare(commitment, context.entryOf(owner).selfMaskCommitment) !== 0) {
      context.guard.refuse(badShare(owner, "self-mask seed"));
    }
    return selfMask(context, seed, owner, "take-off");
  }

  /** The masks between a dropout and each of `survivors` in the survivors' vectors, to take off. Throws as {@link selfMask}. */
  pairwiseMasks(dropout: ParticipantId, survivors: Iterable<ParticipantId>): MaskStream[] {
    const context = this.#context;
    using key = new AgreementKey(this.#rebuild(dropout, "maskKeyShares"));
    if (Buffer.compare(key.publicKey, context.entryOf(dropout).maskKey) !== 0) {
      context.guard.refuse(badShare(dropout, "mask key"));
    }
    return Array.from(survivors, (survivor) => {
      using secret = key.agree(survivor, context.entryOf(survivor).maskKey);
      return pairwiseMask(context, secret, survivor, dropout, "take-off");
    });
  }

  #rebuild(owner: ParticipantId, kind: keyof RevealedShares): Uint8Array {
    const shares = this.#shares[kind].get(owner) ?? [];
    return combineShares(shares.slice(0, this.#context.config.threshold));
  }
}

function sharesByOwner(
  context: ExchangeContext,
  revealed: readonly (readonly [ParticipantId, RevealedShares])[],
  kind: keyof RevealedShares,
): ByOwner {
  const all = revealed.flatMap(([from, shares]) => {
    return shares[kind].map(({ owner, share }) => {
      return { owner, index: context.shareIndexOf(owner, from), share };
    });
  });
  return Map.groupBy(all, ({ owner }) => owner);
}

function badShare(owner: ParticipantId, what: string): MaskingError {
  const message = `the revealed shares do not rebuild the ${what} that ${owner} advertised`;
  return new MaskingError("bad-share", message, { participantId: owner });
}
