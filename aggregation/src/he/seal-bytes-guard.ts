import { HeError } from "./he-error.ts";

/** What SEAL writes before a ciphertext's residues, and before the seed of the second polynomial. */
const HEAD_BYTES = 113;
const SEED_HEAD_BYTES = 17;
const SEED_BYTES = 64;

/**
 * Refuses what is no ciphertext of one kind before SEAL sees a byte. SEAL's own format, uncompressed: everything but
 * residues and seed must be as in a template of our own.
 */
export class SealBytesGuard {
  readonly #template: Uint8Array;
  readonly #primes: readonly bigint[];
  readonly #degree: number;
  readonly #isSeeded: boolean;

  /** `template`: a ciphertext of the kind. `primes`: of its level's modulus, below 2^63. */
  constructor(template: Uint8Array, primes: readonly bigint[], degree: number) {
    const polynomialBytes = 8 * degree * primes.length;
    this.#template = template;
    this.#primes = primes;
    this.#degree = degree;
    this.#isSeeded = template.length < HEAD_BYTES + 2 * polynomialBytes;
  }

  /**
   * Throws {@link HeError}: `wrong-length`, `wrong-header`, `bad-residue` for one that is not below its prime,
   * `transparent` for a polynomial or a seed of zeros alone.
   */
  check(bytes: Uint8Array): void {
    if (bytes.length !== this.#template.length) {
      const message = `ciphertext has ${bytes.length} bytes, wanted ${this.#template.length}`;
      throw new HeError("wrong-length", message);
    }
    this.#requireSame(bytes, 0, HEAD_BYTES);
    const polynomialBytes = 8 * this.#degree * this.#primes.length;
    for (let offset = HEAD_BYTES; offset < this.#seedRecord(); offset += polynomialBytes) {
      this.#requirePolynomial(bytes.slice(offset, offset + polynomialBytes));
    }
    if (!this.#isSeeded) return;
    this.#requireSame(bytes, this.#seedRecord(), this.#seedRecord() + SEED_HEAD_BYTES);
    requireNonZero(bytes.subarray(-SEED_BYTES));
  }

  #seedRecord(): number {
    return this.#template.length - (this.#isSeeded ? SEED_HEAD_BYTES + SEED_BYTES : 0);
  }

  #requireSame(bytes: Uint8Array, start: number, end: number): void {
    if (Buffer.compare(bytes.subarray(start, end), this.#template.subarray(start, end)) === 0)
      return;
    throw new HeError(
      "wrong-header",
      `bytes ${start} to ${end - 1} are no ciphertext's of this kind`,
    );
  }

  #requirePolynomial(bytes: Uint8Array): void {
    requireNonZero(bytes);
    const residues = new Uint32Array(bytes.buffer);
    for (const [index, prime] of this.#primes.entries()) {
      const [low, high] = [Number(prime % 2n ** 32n), Number(prime / 2n ** 32n)];
      const ofPrime = residues.subarray(2 * this.#degree * index, 2 * this.#degree * (index + 1));
      if (areBelow(ofPrime, low, high)) continue;
      throw new HeError("bad-residue", "a residue is not below the modulus");
    }
  }
}

/** Whether residues of two words each are below a prime of two words. */
function areBelow(residues: Uint32Array, low: number, high: number): boolean {
  for (let i = 0; i < residues.length; i += 2) {
    const [residueLow = 0, residueHigh = 0] = [residues[i], residues[i + 1]];
    if (residueHigh > high || (residueHigh === high && residueLow >= low)) return false;
  }
  return true;
}

function requireNonZero(bytes: Uint8Array): void {
  if (bytes.some((byte) => byte !== 0)) return;
  throw new HeError("transparent", "a polynomial or a seed is all zero");
}
