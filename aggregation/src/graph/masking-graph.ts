import { hexToBytes, sha256Hex } from "../hash.ts";
import type { ParticipantId } from "../masking/messages.ts";
import { GraphError } from "./graph-error.ts";

/** Length of a graph's seed. */
const GRAPH_SEED_BYTES = 32;

/** What a graph is made from, beside its participants. */
export interface GraphShape {
  /** k: an even number from 2 to n - 1, or n - 1, which is the complete graph. */
  readonly degree: number;
  /** 32 public bytes that nobody chose: see `graphSeedOf`. */
  readonly graphSeed: Uint8Array;
}

/**
 * Who shares secrets and pairwise masks with whom: participants in a ring, each the neighbour of the k/2 before and the
 * k/2 after it (a Harary graph). It stays connected when fewer than k participants are removed, and falls apart only with
 * two separate runs of k/2. The order in the ring is that of SHA-256(graphSeed || id), so that neither the order of arrival
 * nor the choice of ids places a victim among colluders.
 * Source: Bell et al. 2020 (SecAgg+); Harary 1962.
 */
export class MaskingGraph {
  /** All participants, ascending. */
  readonly participants: readonly ParticipantId[];
  readonly degree: number;
  readonly #ring: readonly ParticipantId[];
  readonly #placeOf: ReadonlyMap<ParticipantId, number>;

  /**
   * The order of `participants` does not matter. Throws {@link GraphError} `bad-degree`, `bad-seed`, `duplicate-id`, and
   * RangeError for an id that is not 32 lowercase hexadecimal digits.
   */
  constructor(participants: readonly ParticipantId[], { degree, graphSeed }: GraphShape) {
    requireDegree(degree, participants.length);
    this.participants = participants.toSorted();
    this.degree = degree;
    this.#ring = ringOf(this.participants, graphSeed);
    this.#placeOf = new Map(this.#ring.map((id, place) => [id, place]));
    if (this.#placeOf.size < participants.length) {
      const repeated = participants.length - this.#placeOf.size;
      throw new GraphError(
        "duplicate-id",
        `${repeated} of ${participants.length} ids are repeated`,
      );
    }
  }

  /** A participant's k neighbours, ascending, never itself. Throws {@link GraphError} `unknown-participant`. */
  neighboursOf(id: ParticipantId): ParticipantId[] {
    const place = this.#place(id);
    const reach = this.#reach;
    const [before, after] = [place - reach, place + reach + 1];
    const n = this.#ring.length;
    const around = [
      ...this.#ring.slice(Math.max(0, before), Math.min(n, after)),
      ...(before < 0 ? this.#ring.slice(before) : []),
      ...this.#ring.slice(0, Math.max(0, after - n)),
    ];
    // Half way round an even ring, the same participant is met from both sides.
    return [...new Set(around)].filter((other) => other !== id).toSorted();
  }

  /** Whether two participants share secrets; nobody is its own neighbour. Throws {@link GraphError} `unknown-participant`. */
  areNeighbours(id: ParticipantId, other: ParticipantId): boolean {
    const apart = Math.abs(this.#place(id) - this.#place(other));
    const distance = Math.min(apart, this.#ring.length - apart);
    return distance > 0 && distance <= this.#reach;
  }

  /**
   * Where `neighbour` stands around `id`: 1 to degree / 2, rounded up, for those after it in the ring, and on from there for
   * those before it; no two neighbours of one participant have the same. RangeError for who is no neighbour, and throws
   * {@link GraphError} `unknown-participant`.
   */
  placeAround(id: ParticipantId, neighbour: ParticipantId): number {
    const n = this.#ring.length;
    const after = (this.#place(neighbour) - this.#place(id) + n) % n;
    if (after > 0 && after <= this.#reach) return after;
    if (after > 0 && n - after <= this.#reach) return this.#reach + n - after;
    throw new RangeError(`${neighbour} is no neighbour of ${id}`);
  }

  /** How far around the ring neighbours are; the complete graph of an even number reaches half way. */
  get #reach(): number {
    return Math.ceil(this.degree / 2);
  }

  #place(id: ParticipantId): number {
    const place = this.#placeOf.get(id);
    if (place === undefined) {
      throw new GraphError("unknown-participant", `${id} is not in the graph`);
    }
    return place;
  }
}

/** Participants in the order of SHA-256(graphSeed || the id's 16 bytes). */
function ringOf(participants: readonly ParticipantId[], graphSeed: Uint8Array): ParticipantId[] {
  if (graphSeed.length !== GRAPH_SEED_BYTES) {
    const message = `graph seed has ${graphSeed.length} bytes, wanted ${GRAPH_SEED_BYTES}`;
    throw new GraphError("bad-seed", message);
  }
  return participants
    .map((id) => ({ id, rank: sha256Hex(graphSeed, hexToBytes(id, 16)) }))
    .toSorted((one, other) => (one.rank < other.rank ? -1 : 1))
    .map(({ id }) => id);
}

function requireDegree(degree: number, participants: number): void {
  const complete = participants - 1;
  const isEven = Number.isInteger(degree) && degree % 2 === 0;
  if (degree === complete && complete > 0) return;
  if (!isEven || degree < 2 || degree > complete) {
    const wanted = `${complete}, or an even number from 2 to ${complete}`;
    throw new GraphError("bad-degree", `degree is ${degree}, wanted ${wanted}`);
  }
}
