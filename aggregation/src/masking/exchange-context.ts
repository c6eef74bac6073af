import {
  type GraphNonceCommitment,
  graphNonceCommitment,
  graphSeedOf,
} from "../graph/graph-seed.ts";
import { MaskingGraph } from "../graph/masking-graph.ts";
import { sha256 } from "../hash.ts";
import { bytesOfHex } from "../hex.ts";
import { advertisementBytes } from "./advertisement.ts";
import { byId } from "./checks.ts";
import { type CohortMember, fewestAdvertised, type RoundConfig } from "./config.ts";
import type { Guard } from "./guard.ts";
import type { KeyAdvertisement, ParticipantId } from "./messages.ts";
import type { RoundContext, SigningContext } from "./round-context.ts";

/**
 * A round whose key book is fixed: who is whose neighbour, and the exchange hash, to which everything after the key book is
 * bound. Participants that were shown different key books have different exchange hashes, so that neither their masks nor
 * their signatures go together.
 */
export class ExchangeContext implements SigningContext {
  readonly round: RoundContext;
  readonly config: RoundConfig;
  /** The exchange hash: {@link exchangeHashOf}. */
  readonly hash: Uint8Array;
  /** Sorted by id. */
  readonly keyBook: readonly KeyAdvertisement[];
  readonly #entries: ReadonlyMap<ParticipantId, KeyAdvertisement>;
  readonly #graph: MaskingGraph;
  readonly #neighbours = new Map<ParticipantId, readonly ParticipantId[]>();

  /** `keyBook`: checked advertisements, `fewestAdvertised` or more, in any order. */
  constructor(round: RoundContext, keyBook: Iterable<KeyAdvertisement>) {
    this.round = round;
    this.config = round.config;
    this.keyBook = byId(keyBook);
    this.hash = exchangeHashOf(round.hash, this.keyBook);
    this.#entries = new Map(this.keyBook.map((entry) => [entry.participantId, entry]));
    this.#graph = graphOf(round, this.keyBook);
  }

  /** Everybody in the key book, ascending. */
  get participants(): readonly ParticipantId[] {
    return this.#graph.participants;
  }

  /** The round's. */
  get guard(): Guard {
    return this.round.guard;
  }

  identityKeyOf(id: ParticipantId): Uint8Array {
    return this.round.identityKeyOf(id);
  }

  /** The advertisement of somebody in the key book. */
  entryOf(id: ParticipantId): KeyAdvertisement {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new Error(`${id} is not in the checked key book`);
    return entry;
  }

  /** With whom a participant in the key book shares secrets and pairwise masks, ascending. */
  neighboursOf(id: ParticipantId): readonly ParticipantId[] {
    const known = this.#neighbours.get(id) ?? this.#graph.neighboursOf(id);
    this.#neighbours.set(id, known);
    return known;
  }

  /** Whether `holder` has a share of `owner`'s secrets: its neighbours and itself do. Both in the key book. */
  isHolder(owner: ParticipantId, holder: ParticipantId): boolean {
    return owner === holder || this.#graph.areNeighbours(owner, holder);
  }

  /** How many of `present` hold a share of `owner`'s secrets. */
  holdersAmong(owner: ParticipantId, present: ReadonlySet<ParticipantId>): number {
    const neighbours = this.neighboursOf(owner).filter((id) => present.has(id));
    return neighbours.length + (present.has(owner) ? 1 : 0);
  }

  /**
   * The Shamir coordinate, 1 to 255, of the share of `owner`'s secrets that `holder` has: 1 for the owner itself, then its
   * neighbours as they stand around it. RangeError for who holds none.
   */
  shareIndexOf(owner: ParticipantId, holder: ParticipantId): number {
    return owner === holder ? 1 : 1 + this.#graph.placeAround(owner, holder);
  }
}

/**
 * SHA-256 over the config hash and every advertisement of the key book, signatures included, ascending by id: 32 bytes.
 * `keyBook`: sorted.
 */
export function exchangeHashOf(
  configHash: Uint8Array,
  keyBook: readonly KeyAdvertisement[],
): Uint8Array {
  return sha256("chorus/exchange", configHash, ...keyBook.map(advertisementBytes));
}

function graphOf(
  { config, guard }: RoundContext,
  keyBook: readonly KeyAdvertisement[],
): MaskingGraph {
  // Openings were checked with the advertisements; where that is off, they are taken as they are.
  const commitments = guard.permits("wrong-opening")
    ? keyBook.map(commitmentToNonce)
    : config.cohort.map(commitmentInConfig);
  const openings = keyBook.map(({ participantId, graphNonce }) => ({
    participantId,
    nonce: graphNonce,
  }));
  const fewest = guard.permits("too-few") ? 1 : fewestAdvertised(config);
  const mostMissing = Math.max(0, commitments.length - fewest);
  const { graphSeed, opened } = graphSeedOf(commitments, openings, mostMissing);
  const degree = Math.min(config.degree, opened.length - 1);
  return new MaskingGraph(opened, { degree, graphSeed });
}

function commitmentInConfig({
  participantId,
  nonceCommitment,
}: CohortMember): GraphNonceCommitment {
  return { participantId, commitment: bytesOfHex(nonceCommitment) };
}

function commitmentToNonce({ participantId, graphNonce }: KeyAdvertisement): GraphNonceCommitment {
  return { participantId, commitment: graphNonceCommitment(participantId, graphNonce) };
}
