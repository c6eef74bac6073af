import { Commitment } from "./commitment.ts";
import { CommitmentError } from "./commitment-error.ts";
import { PublicFactors } from "./public-factors.ts";
import { randomnessBlock } from "./randomness.ts";
import { BLOCK_WORDS, type Ring, type RingSum } from "./ring.ts";

/** Words of Z_2^32, which are read as two's complement: from -2^31 to 2^31 - 1. */
export type Words = Uint32Array | Int32Array;

/** How much memory to spend on speed. */
export interface CommitmentOptions {
  /** Words whose public factors are kept after their first use, 8 bytes each: 0, or the length of the vectors. */
  readonly cachedWords: number;
}

/** A sum that is to be checked, and what opens the commitment to it. */
export interface ClaimedSum {
  /** The sum of all vectors in Z_2^32. */
  readonly words: Words;
  /** The sum of all randomness in Z_2^32. Shape `[RANDOMNESS_WORDS]`. */
  readonly randomness: Words;
}

/**
 * A homomorphic commitment to vectors of 32-bit words. In R = Z_q[X] / (X^2048 + 1), with q of 62 bits,
 *
 *   commit(x, r) = sum over j of a_j x_j + sum over l < 3 of b_l r_l
 *
 * where x_j are the vector's words as coefficients of small polynomials (see `RingSum.addBlock` for their order), r is
 * small and random, and a_j, b_l are public and nobody's choice (see `fillFactors`). The sum of commitments is the
 * commitment to the sum over the integers: a published sum that differs in one word, or whose true value left
 * [-2^31, 2^31) and wrapped, does not open it.
 *
 * ASSUMPTIONS. Binding: module-SIS (here ring-SIS: rank 1, dimension 2048, log2 q = 62). Two openings of one commitment
 * differ by a vector of norm below 2^32 sqrt(d), 2^47 for d = 1e9 words; at a root Hermite factor of 1.0045, taken for
 * 128 bits, lattice reduction finds none below 2^57. Hiding: module-LWE (rank 2, dimension 4096, log2 q = 62, secrets and
 * errors of 16 bits), of which the sum of the secrets becomes known when the sum is published. These parameters come
 * from a rule of thumb, 2^(2 sqrt(n log2 q log2 delta)), and were NOT run through the lattice estimator. NOTHING HERE WAS
 * REVIEWED by anybody outside the project.
 *
 * It shows that a sum is that of what the participants committed to, not that their inputs are honest, and neither whose
 * commitment it is nor for which round: a participant signs its commitment together with the exchange hash, before any sum
 * is known. Vectors are not told from the same ones with zeros behind them: their length is fixed by the configuration.
 */
export class CommitmentScheme {
  readonly #factors: PublicFactors;
  readonly #ring: Ring;

  constructor(options: CommitmentOptions, { ring }: { readonly ring: Ring }) {
    this.#factors = new PublicFactors(options);
    this.#ring = ring;
  }

  /** Starts a commitment to a vector that comes in parts; what is not cached takes memory for one block only. */
  open(): CommitmentStream {
    return new CommitmentStream(this.#factors, this.#ring.openSum());
  }

  /**
   * The commitment to `words`. `randomness`: `drawCommitmentRandomness`, or the sum of such, shape `[RANDOMNESS_WORDS]`,
   * else {@link CommitmentError} `wrong-randomness`.
   */
  commit(words: Words, randomness: Words): Commitment {
    using stream = this.open();
    stream.absorb(words);
    return stream.finish(randomness);
  }

  /**
   * Whether a claimed sum is the sum of what `commitments` are to, over the integers. Throws {@link CommitmentError}:
   * `wrong-randomness`, `too-few` for no commitments, `too-many` beyond `MAX_COMMITMENTS`.
   */
  verifySum(claimed: ClaimedSum, commitments: Iterable<Commitment>): boolean {
    const wanted = Commitment.sumOf(commitments);
    return this.commit(claimed.words, claimed.randomness).equals(wanted);
  }
}

/** A commitment in the making. Disposing it, like finishing it, wipes the words that it holds. Prints nothing of them. */
export class CommitmentStream implements Disposable {
  readonly #factors: PublicFactors;
  readonly #sum: RingSum;
  readonly #pending = new Int32Array(BLOCK_WORDS);
  #pendingWords = 0;
  #blocks = 0;
  #isUsed = false;

  /** For {@link CommitmentScheme.open}. */
  constructor(factors: PublicFactors, sum: RingSum) {
    this.#factors = factors;
    this.#sum = sum;
  }

  /** Takes the vector's next words, as many as there are. Throws {@link CommitmentError} `stream-used` after the end. */
  absorb(words: Words): void {
    this.#requireOpen();
    const signed = asSigned(words);
    let offset = 0;
    while (offset < signed.length) {
      const room = BLOCK_WORDS - this.#pendingWords;
      const taken = signed.subarray(offset, offset + room);
      offset += taken.length;
      if (taken.length === BLOCK_WORDS) this.#addBlock(taken);
      else this.#collect(taken);
    }
  }

  /** Ends the vector and returns the commitment to it. Throws {@link CommitmentError} `wrong-randomness`, `stream-used`. */
  finish(randomness: Words): Commitment {
    this.#requireOpen();
    const block = randomnessBlock(asSigned(randomness));
    if (this.#pendingWords > 0) this.#addBlock(this.#pending.fill(0, this.#pendingWords));
    this.#sum.addBlock(block, this.#factors.block("randomness", 0));
    block.fill(0);
    const commitment = new Commitment(this.#sum.total());
    this[Symbol.dispose]();
    return commitment;
  }

  [Symbol.dispose](): void {
    this.#isUsed = true;
    this.#pending.fill(0);
    this.#sum[Symbol.dispose]();
  }

  #collect(words: Int32Array): void {
    this.#pending.set(words, this.#pendingWords);
    this.#pendingWords += words.length;
    if (this.#pendingWords < BLOCK_WORDS) return;
    this.#addBlock(this.#pending);
    this.#pendingWords = 0;
  }

  #addBlock(words: Int32Array): void {
    this.#sum.addBlock(words, this.#factors.block("data", this.#blocks));
    this.#blocks++;
  }

  #requireOpen(): void {
    if (this.#isUsed) {
      throw new CommitmentError("stream-used", "this commitment is finished or disposed of");
    }
  }
}

function asSigned(words: Words): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}
