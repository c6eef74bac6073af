import { bytesOfWords, wordsOfBytes } from "../vector.ts";
import { CommitmentError } from "./commitment-error.ts";
import { MODULI, RING_DEGREE } from "./ring.ts";

/** Values of a ring element, modulo both primes. */
const VALUES: number = MODULI.length * RING_DEGREE;

/** Length of a commitment in bytes: 16 KiB. */
export const COMMITMENT_BYTES: number = 4 * VALUES;

/** The most participants whose commitments may be added up: their randomness then fits 32 bits. */
export const MAX_COMMITMENTS = 65_536;

/**
 * A commitment to a vector of words, or to a sum of such vectors: an element of the ring, as its values at the roots modulo
 * each prime. Public, and equal for equal words and randomness whatever implementation made it. It says nothing of the
 * round that it is for: whoever sends one signs it together with the exchange hash.
 */
export class Commitment {
  readonly #values: Uint32Array;

  /** `values`: shape `[moduli, RING_DEGREE]`, below the modulus; owned by the commitment from now on. */
  constructor(values: Uint32Array) {
    this.#values = requireValues(values);
  }

  /**
   * Reads little-endian values, first those modulo the larger prime. Throws {@link CommitmentError}: `wrong-length` unless
   * they are {@link COMMITMENT_BYTES}, `bad-residue` for a value that is not below its modulus, so that equal commitments
   * have equal bytes.
   */
  static fromBytes(bytes: Uint8Array): Commitment {
    if (bytes.length !== COMMITMENT_BYTES) {
      const message = `commitment has ${bytes.length} bytes, wanted ${COMMITMENT_BYTES}`;
      throw new CommitmentError("wrong-length", message);
    }
    return new Commitment(wordsOfBytes(bytes).slice());
  }

  /** {@link COMMITMENT_BYTES} little-endian bytes, a copy. */
  toBytes(): Uint8Array {
    return bytesOfWords(this.#values).slice();
  }

  equals(other: Commitment): boolean {
    return this.#values.every((value, index) => value === other.#values[index]);
  }

  /**
   * The commitment to the sum of what the given ones are to. Throws {@link CommitmentError} `too-few` for none and `too-many`
   * beyond {@link MAX_COMMITMENTS}.
   */
  static sumOf(commitments: Iterable<Commitment>): Commitment {
    const sum = new Float64Array(VALUES);
    let count = 0;
    // 2^16 values below 2^31 each: exact in float64.
    for (const commitment of commitments) {
      count++;
      if (count > MAX_COMMITMENTS) throw tooMany();
      addInto(sum, commitment.#values);
    }
    if (count === 0) throw new CommitmentError("too-few", "no commitments to add up, wanted one");
    return new Commitment(Uint32Array.from(sum, (total, index) => total % modulusAt(index)));
  }
}

function addInto(sum: Float64Array, values: Uint32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0);
}

function tooMany(): CommitmentError {
  return new CommitmentError("too-many", `wanted at most ${MAX_COMMITMENTS} commitments`);
}

function requireValues(values: Uint32Array): Uint32Array {
  if (values.length !== VALUES) {
    const message = `commitment has ${values.length} values, wanted ${VALUES}`;
    throw new CommitmentError("wrong-length", message);
  }
  const index = values.findIndex((value, place) => value >= modulusAt(place));
  if (index >= 0) {
    const message = `value ${index} is ${values[index]}, wanted it below ${modulusAt(index)}`;
    throw new CommitmentError("bad-residue", message);
  }
  return values;
}

function modulusAt(index: number): number {
  return MODULI[Math.floor(index / RING_DEGREE)] ?? 0;
}
