import {
  bytesToHex,
  type CohortMember,
  createIdentity,
  GRAPH_NONCE_BYTES,
  graphNonceCommitment,
  type Identity,
  type ParticipantId,
  RandomNumbers,
  type RandomSource,
  seededRandom,
} from "@chorus/aggregation";
import { RoundKeys } from "@chorus/aggregation/primitives";

/** Parameters of the model that is attacked. */
export const DIMENSION = 16;

/** What every member says of its data. */
export const counts = {
  trainingExamples: 90,
  evaluationExamples: 9,
  evaluationCorrect: 6,
  evaluationLossMillis: 900,
} as const;

/** Somebody of the cohort. Everything about it repeats, so that an attack that gets its seed has its secrets. */
export class Member {
  readonly identity: Identity;
  readonly id: ParticipantId;
  readonly graphNonce: Uint8Array;
  /** Its update. Shape `[DIMENSION]`, every value a different one, its norm a little below 8. */
  readonly delta: Float32Array;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    this.identity = createIdentity(drawn(`identity ${seed}`, 32));
    this.id = this.identity.participantId;
    this.graphNonce = drawn(`nonce ${seed}`, GRAPH_NONCE_BYTES);
    const numbers = new RandomNumbers(seededRandom(`update ${seed}`));
    this.delta = Float32Array.from({ length: DIMENSION }, () => 1.5 + numbers.word() / 2 ** 33);
  }

  /** How a round's configuration lists it. */
  get listed(): CohortMember {
    return {
      participantId: this.id,
      identityKey: bytesToHex(this.identity.publicKey, 32),
      nonceCommitment: bytesToHex(graphNonceCommitment(this.id, this.graphNonce), 32),
    };
  }

  /** What the keys and shares of its exchange number `exchange` are drawn from. */
  randomOf(exchange: number): RandomSource {
    return seededRandom(`keys ${this.#seed} ${exchange}`);
  }

  /** What rounding and the commitment's randomness are drawn from. */
  get rounding(): RandomSource {
    return seededRandom(`rounding ${this.#seed}`);
  }

  /** The keys of that exchange: for the attackers only when this member sides with them. */
  keysOf(exchange: number): RoundKeys {
    return new RoundKeys(this.randomOf(exchange));
  }
}

/** So many members, sorted by id. */
export function makeMembers(count: number): Member[] {
  const members = Array.from({ length: count }, (_, i) => new Member(`member ${i}`));
  return members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function drawn(seed: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  seededRandom(seed).fill(bytes);
  return bytes;
}
