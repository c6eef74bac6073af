import { bytesOfWords, wordsOfBytes } from "../vector.ts";
import { HeError } from "./he-error.ts";
import { DEGREE } from "./parameters.ts";
import {
  areZero,
  PACKED_WORDS,
  POLYNOMIAL_WORDS,
  packResidues,
  unpackResidues,
} from "./residues.ts";
import type { SealContext } from "./seal-context.ts";

/** What SEAL writes before a ciphertext's residues: format, parameters, sizes, scale. */
const HEAD_BYTES = 113;
const SEED_BYTES = 64;
const POLYNOMIAL_BYTES = 4 * POLYNOMIAL_WORDS;
const PACKED_BYTES = 4 * PACKED_WORDS;

/** Bytes of a ciphertext on the wire: the seed of its second polynomial, then its first, packed. */
export const CIPHERTEXT_BYTES: number = SEED_BYTES + PACKED_BYTES;

/** Bytes of a sum on the wire: both polynomials, packed. */
export const SUM_BYTES: number = 2 * PACKED_BYTES;

/** Words of a sum: two polynomials. */
export const SUM_WORDS: number = 2 * POLYNOMIAL_WORDS;

/**
 * Reads ciphertexts from the wire, in TypeScript alone. Throws {@link HeError}: `wrong-length`, `bad-residue` for one that is
 * not below the modulus, `transparent` for polynomials or seeds of zeros alone, which encrypt nothing.
 */
export class CiphertextGuard {
  readonly #polynomial = new Uint32Array(POLYNOMIAL_WORDS);

  /** `what`: how errors call it. */
  check(wire: Uint8Array, what = "ciphertext"): void {
    this.read(wire, what);
  }

  /** The first polynomial and the second one's seed. What it gave before is overwritten. */
  read(wire: Uint8Array, what = "ciphertext"): { polynomial: Uint32Array; seed: Uint8Array } {
    requireLength(what, wire, CIPHERTEXT_BYTES);
    const seed = wire.subarray(0, SEED_BYTES);
    if (seed.every((byte) => byte === 0)) {
      throw new HeError("transparent", `${what}: the seed is all zero`);
    }
    readResidues(what, this.#polynomial, wire.subarray(SEED_BYTES));
    return { polynomial: this.#polynomial, seed };
  }
}

/**
 * Turns ciphertexts into bytes of the wire and back. Nothing of SEAL's own format is sent: what stands around residues and
 * seed comes from a ciphertext of our own, so that others can neither lengthen a ciphertext nor rewrite its scale, level
 * or size.
 */
export class CiphertextForm {
  /** Ciphertexts of SEAL's, of which only residues and seeds are ever overwritten. */
  readonly #seeded: Uint8Array;
  readonly #expanded: Uint8Array;
  readonly #guard = new CiphertextGuard();
  /** Memory for both polynomials: allocating it anew for every ciphertext costs as much as adding does. */
  readonly #residues = new Uint32Array(SUM_WORDS);

  constructor(context: SealContext) {
    using encryptor = context.openEncryptor(context.newSecretKey());
    this.#seeded = encryptor.run(context.emptyPlaintext(DEGREE));
    this.#expanded = context.expanded(this.#seeded);
  }

  /** SEAL's bytes of a seeded ciphertext, for the wire. */
  packed(seeded: Uint8Array): Uint8Array {
    const wire = new Uint8Array(CIPHERTEXT_BYTES);
    wire.set(seeded.subarray(-SEED_BYTES));
    const residues = wordsOfBytes(polynomialOf(seeded, 0));
    wire.set(bytesOfWords(packResidues(residues)), SEED_BYTES);
    return wire;
  }

  /** The wire's bytes as SEAL's. What it gave before is overwritten. Throws as {@link CiphertextGuard}. */
  unpacked(wire: Uint8Array): Uint8Array {
    const { polynomial, seed } = this.#guard.read(wire);
    this.#seeded.set(bytesOfWords(polynomial), HEAD_BYTES);
    this.#seeded.set(seed, this.#seeded.length - SEED_BYTES);
    return this.#seeded;
  }

  /** Residues of both polynomials of SEAL's ciphertext, shape `[SUM_WORDS]`. What it gave before is overwritten. */
  residuesOf(expanded: Uint8Array): Uint32Array {
    bytesOfWords(this.#residues).set(expanded.subarray(HEAD_BYTES));
    return this.#residues;
  }

  /** SEAL's ciphertext of both polynomials' residues. What it gave before is overwritten. */
  expandedOf(residues: Uint32Array): Uint8Array {
    this.#expanded.set(bytesOfWords(residues), HEAD_BYTES);
    return this.#expanded;
  }
}

/** A sum's residues for the wire. */
export function packSum(residues: Uint32Array): Uint8Array {
  const wire = new Uint8Array(SUM_BYTES);
  for (const index of [0, 1]) {
    const polynomial = residues.subarray(index * POLYNOMIAL_WORDS, (index + 1) * POLYNOMIAL_WORDS);
    wire.set(bytesOfWords(packResidues(polynomial)), index * PACKED_BYTES);
  }
  return wire;
}

/** The residues of a sum from the wire, after all checks: see {@link CiphertextGuard}. */
export function unpackSum(wire: Uint8Array, what = "sum"): Uint32Array {
  requireLength(what, wire, SUM_BYTES);
  const residues = new Uint32Array(SUM_WORDS);
  for (const index of [0, 1]) {
    const polynomial = residues.subarray(index * POLYNOMIAL_WORDS, (index + 1) * POLYNOMIAL_WORDS);
    readResidues(what, polynomial, wire.subarray(index * PACKED_BYTES, (index + 1) * PACKED_BYTES));
  }
  return residues;
}

function requireLength(what: string, wire: Uint8Array, wanted: number): void {
  if (wire.length !== wanted) {
    throw new HeError("wrong-length", `${what} has ${wire.length} bytes, wanted ${wanted}`);
  }
}

function readResidues(what: string, target: Uint32Array, packed: Uint8Array): void {
  const words = wordsOfBytes(packed);
  if (areZero(words)) throw new HeError("transparent", `${what}: a polynomial is all zero`);
  if (unpackResidues(target, words)) return;
  throw new HeError("bad-residue", `${what}: a residue is not below the modulus`);
}

/** A polynomial of SEAL's ciphertext, copied to where words are aligned. */
function polynomialOf(ciphertext: Uint8Array, index: number): Uint8Array {
  const first = HEAD_BYTES + index * POLYNOMIAL_BYTES;
  return ciphertext.slice(first, first + POLYNOMIAL_BYTES);
}
