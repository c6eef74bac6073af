import {
  graphNonceCommitment,
  type ParticipantId,
  type RandomSource,
  type VectorCommitter,
} from "@chorus/aggregation";
import { WEIGHTS } from "./tiny-plan.ts";

/** Seeds of identities and of round keys. */
const SEED_BYTES = 32;

/** Words that stand side by side are looked for in twos: one alone would be found by chance. */
const WINDOW_BYTES = 8;

type Words = Float32Array | Uint32Array | Int32Array;

/** Writes down what a participant must keep to itself, while it plays. For the measurement alone: no attacker has it. */
export class KeptSecrets {
  readonly #source: RandomSource;
  readonly #updates: Uint8Array[] = [];
  readonly #seeds: Buffer[] = [];
  #lastVector: Uint8Array = new Uint8Array();

  constructor(source: RandomSource) {
    this.#source = source;
  }

  /** What the participant draws from. */
  get random(): RandomSource {
    return {
      fill: (bytes) => {
        this.#source.fill(bytes);
        if (bytes.length === SEED_BYTES) this.#seeds.push(Buffer.from(bytes));
      },
    };
  }

  /** What the participant commits with: it is given every vector before its masks are added. */
  committer(scheme: VectorCommitter): VectorCommitter {
    return {
      commit: (words, randomness) => {
        const vector = words.slice(0, WEIGHTS);
        this.keep(vector);
        this.#lastVector = bytesOf(vector);
        return scheme.commit(words, randomness);
      },
    };
  }

  /** The update's words in the vector that was masked last; empty before. */
  get lastVector(): Uint8Array {
    return this.#lastVector;
  }

  /** An update is one of the secrets, as these words. */
  keep(words: Words): void {
    this.#updates.push(bytesOf(words));
  }

  /**
   * Bytes of the secrets of participant `id` that stand in the clear in what somebody was sent: of updates by their words,
   * of seeds as a whole. A nonce that was committed to is none: it is opened later.
   */
  releasedBytes(id: ParticipantId, sent: readonly Uint8Array[]): number {
    const text = Buffer.concat(sent);
    const opened = new Set<string>();
    const seeds = this.#seeds.filter((seed) => {
      const nonce = seed.toString("hex");
      const isNonce =
        !opened.has(nonce) && text.includes(Buffer.from(graphNonceCommitment(id, seed)));
      if (isNonce) opened.add(nonce);
      return !isNonce && text.includes(seed);
    });
    const updates = this.#updates.map((update) => bytesSeen(update, text));
    return updates.reduce((sum, bytes) => sum + bytes, SEED_BYTES * seeds.length);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Words): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Bytes of the words of a secret, 4 each, that stand next to one of their neighbours in a text. */
function bytesSeen(secret: Uint8Array, text: Buffer): number {
  const seen = new Set<number>();
  for (let offset = 0; offset + WINDOW_BYTES <= secret.length; offset += 4) {
    const isThere = text.includes(Buffer.from(secret.subarray(offset, offset + WINDOW_BYTES)));
    if (isThere) seen.add(offset).add(offset + 4);
  }
  return 4 * seen.size;
}
