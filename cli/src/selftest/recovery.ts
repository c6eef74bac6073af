import {
  type KeyAdvertisement,
  MaskingError,
  openPlainKernels,
  type ParticipantId,
  type RevealedShares,
  type SealedShare,
} from "@chorus/aggregation";
import {
  AgreementKey,
  combineShares,
  type ExchangeContext,
  MaskSet,
  type MaskStream,
  openShare,
  pairwiseMask,
  type ShamirShare,
  sealingKey,
  selfMask,
  selfMaskCommitmentOf,
} from "@chorus/aggregation/primitives";
import type { ReleasedBytes } from "./attack.ts";
import { DIMENSION, type Member } from "./member.ts";

/** All that the attackers got in a round, and what it is measured by. */
export interface Loot {
  /** Whose vector they want. */
  readonly victim: Member;
  /** Members whose secrets they have. */
  readonly colluders: readonly Member[];
  /** Members whose vectors they know without any recovery. */
  readonly known: readonly Member[];
  /** Which of their exchanges it was for the members. */
  readonly exchange: number;
  /** The exchange as each member that opened a key book was shown it. */
  readonly views: ReadonlyMap<ParticipantId, ExchangeContext>;
  readonly sealed: readonly SealedShare[];
  readonly uploads: ReadonlyMap<ParticipantId, MaskedUpload>;
  readonly revealed: readonly (RevealedShares & { readonly from: ParticipantId })[];
  /** The round's sum, where somebody has published it. */
  readonly published?: Uint32Array | undefined;
  /** What nobody but its owner may know: the vectors before they were masked. For the measurement alone. */
  readonly bare: ReadonlyMap<ParticipantId, Uint32Array>;
}

/** A masked vector as it was uploaded. */
export interface MaskedUpload {
  readonly masked: Uint32Array;
  /** With whom the participant was told to exchange masks. */
  readonly sharers: readonly ParticipantId[];
}

/** The two secrets of a participant, as places in a share of 64 bytes. */
const SECRETS = { selfMaskSeed: 0, maskKeySeed: 32 } as const;

type Secret = keyof typeof SECRETS;

const SECRET_BYTES = 32;

/** Secret keys that the attackers have made themselves. */
export interface ForgedKeys {
  readonly encryption: AgreementKey;
  readonly mask: AgreementKey;
}

/**
 * What a coordinator and its colluders can compute from all that they got in a round: it opens the shares that they have
 * keys for, rebuilds every secret of which there are enough, takes off every mask that it then knows, and subtracts known
 * vectors from opened sums.
 */
export class Recovery {
  readonly #round: Loot;
  readonly #keys: readonly ForgedKeys[];

  /** `forged`: keys that stand in forged advertisements. */
  constructor(round: Loot, forged: readonly ForgedKeys[] = []) {
    this.#round = round;
    this.#keys = [...forged, ...round.colluders.map((it) => it.keysOf(round.exchange))];
  }

  /**
   * Bytes of the victim's secrets that were recovered: of its vector's `DIMENSION` words, by comparison with what it
   * masked, and 64 more when both halves are in the attackers' hands, which lay open whatever it will upload. null when it
   * has opened no key book.
   */
  releasedBytes(): ReleasedBytes {
    const { victim, views, bare, uploads } = this.#round;
    const context = views.get(victim.id);
    if (context === undefined) return null;
    const halves = (["selfMaskSeed", "maskKeySeed"] as const).map((secret) =>
      this.#rebuild(context, victim.id, secret),
    );
    const seeds = halves.every((half) => half !== undefined) ? 2 * SECRET_BYTES : 0;
    const truth = bare.get(victim.id);
    if (truth === undefined) return seeds;
    const upload = uploads.get(victim.id);
    const stripped = upload === undefined ? [] : this.#strip(context, upload);
    const sums = [this.#openedSum(), this.#round.published].map((sum) => this.#withoutKnown(sum));
    const found = [...stripped, ...sums].map((words) => (words ? equalWords(words, truth) : 0));
    return seeds + 4 * Math.max(...found);
  }

  /** The shares that members sealed for others, and that the attackers can read: which of the owner's, and for whom. */
  readShares(owner: ParticipantId): readonly ParticipantId[] {
    const context = this.#round.views.get(owner);
    if (context === undefined) return [];
    const sealed = this.#round.sealed.filter(({ from }) => from === owner);
    return sealed.filter((it) => this.#open(context, it) !== undefined).map(({ to }) => to);
  }

  /** The victim's vector as it was uploaded, and without the masks that the attackers know: of one kind, or of both. */
  #strip(context: ExchangeContext, { masked, sharers }: MaskedUpload): Uint32Array[] {
    const { id } = this.#round.victim;
    const neighbours = context.neighboursOf(id).filter((peer) => sharers.includes(peer));
    const seed = this.#rebuild(context, id, "selfMaskSeed");
    const own = seed === undefined ? [] : [selfMask(context, seed, id, "take-off")];
    const pairwise = neighbours.flatMap((peer) => this.#pairwise(context, peer));
    using all = new MaskSet([...own, ...pairwise]);
    return [new MaskSet([]), new MaskSet(own), new MaskSet(pairwise), all].map((masks) => {
      const words = masked.slice();
      masks.applyTo(words, 0, openPlainKernels);
      return words;
    });
  }

  /** The sum of all that was uploaded, without the self masks that were revealed. */
  #openedSum(): Uint32Array {
    const { uploads, views } = this.#round;
    const sum = new Uint32Array(DIMENSION);
    for (const [id, { masked }] of uploads) {
      const context = views.get(id);
      const seed = context && this.#rebuild(context, id, "selfMaskSeed");
      using masks = new MaskSet(context && seed ? [selfMask(context, seed, id, "take-off")] : []);
      const words = masked.slice(0, DIMENSION);
      masks.applyTo(words, 0, openPlainKernels);
      for (const [i, word] of words.entries()) sum[i] = (sum[i] ?? 0) + word;
    }
    return sum;
  }

  /** A sum without the vectors that are known. */
  #withoutKnown(sum: Uint32Array | undefined): Uint32Array | undefined {
    const { known, bare } = this.#round;
    const vectors = known.flatMap(({ id }) => bare.get(id) ?? []);
    return sum?.slice(0, DIMENSION).map((total, i) => {
      return vectors.reduce((left, vector) => left - (vector[i] ?? 0), total);
    });
  }

  /** The mask between the victim and a peer, when a secret key of one of the two is known. */
  #pairwise(context: ExchangeContext, peer: ParticipantId): MaskStream[] {
    const { id } = this.#round.victim;
    const sides = [
      [id, peer],
      [peer, id],
    ] as const;
    for (const [one, other] of sides) {
      const key = this.#maskKeyOf(context, one);
      if (key === undefined) continue;
      using secret = key.agree(other, context.entryOf(other).maskKey);
      return [pairwiseMask(context, secret, id, peer, "take-off")];
    }
    return [];
  }

  /** The secret mask key behind the advertisement that the victim was shown of this member. */
  #maskKeyOf(context: ExchangeContext, id: ParticipantId): AgreementKey | undefined {
    const { maskKey } = context.entryOf(id);
    const known = this.#keys.find(({ mask }) => isSame(mask.publicKey, maskKey));
    if (known !== undefined) return known.mask;
    const seed = this.#rebuild(this.#round.views.get(id) ?? context, id, "maskKeySeed");
    return seed === undefined ? undefined : new AgreementKey(seed);
  }

  /** A secret from any `threshold` of the shares that the attackers have, checked against what its owner advertised. */
  #rebuild(context: ExchangeContext, owner: ParticipantId, secret: Secret): Uint8Array | undefined {
    const entry = context.entryOf(owner);
    const shares = this.#sharesOf(context, owner, secret);
    for (const some of combinations(shares, context.config.threshold)) {
      const rebuilt = combineShares(some);
      if (isSecretOf(context, entry, secret, rebuilt)) return rebuilt;
    }
    return undefined;
  }

  /** One share for each coordinate. */
  #sharesOf(context: ExchangeContext, owner: ParticipantId, secret: Secret): ShamirShare[] {
    const place = SECRETS[secret];
    const opened = this.#round.sealed
      .filter(({ from }) => from === owner)
      .flatMap((sealed): ShamirShare[] => {
        const share = this.#open(context, sealed);
        if (share === undefined) return [];
        const index = context.shareIndexOf(owner, sealed.to);
        return [{ index, share: share.slice(place, place + SECRET_BYTES) }];
      });
    const kind = secret === "selfMaskSeed" ? "selfMaskShares" : "maskKeyShares";
    const revealed = this.#round.revealed.flatMap(({ from, [kind]: shares }) =>
      shares
        .filter((it) => it.owner === owner)
        .map(({ share }) => ({ index: context.shareIndexOf(owner, from), share })),
    );
    const byIndex = new Map([...revealed, ...opened].map((share) => [share.index, share]));
    return [...byIndex.values()];
  }

  /** What an owner sealed, when the attackers have the addressee's key. */
  #open(context: ExchangeContext, sealed: SealedShare): Uint8Array | undefined {
    const { encryptionKey } = context.entryOf(sealed.to);
    const known = this.#keys.find(({ encryption }) => isSame(encryption.publicKey, encryptionKey));
    if (known === undefined) return undefined;
    using secret = known.encryption.agree(sealed.from, context.entryOf(sealed.from).encryptionKey);
    try {
      return openShare(sealingKey(secret, context, sealed.from, sealed.to), context, sealed);
    } catch (error) {
      if (error instanceof MaskingError) return undefined;
      throw error;
    }
  }
}

function isSecretOf(
  context: ExchangeContext,
  entry: KeyAdvertisement,
  secret: Secret,
  rebuilt: Uint8Array,
): boolean {
  if (secret === "selfMaskSeed") {
    const commitment = selfMaskCommitmentOf(context.round, entry.participantId, rebuilt);
    return isSame(commitment, entry.selfMaskCommitment);
  }
  using key = new AgreementKey(rebuilt);
  return isSame(key.publicKey, entry.maskKey);
}

/** How many of the first `DIMENSION` words agree. */
function equalWords(got: Uint32Array, wanted: Uint32Array): number {
  return got.subarray(0, DIMENSION).filter((word, i) => word === wanted[i]).length;
}

/** Every choice of `count` items, in order. */
function* combinations<T>(items: readonly T[], count: number): Generator<T[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const [i, item] of items.entries()) {
    for (const rest of combinations(items.slice(i + 1), count - 1)) yield [item, ...rest];
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
