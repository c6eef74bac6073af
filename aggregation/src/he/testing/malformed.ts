import { RandomNumbers, type RandomSource } from "../../random.ts";
import { bytesOfWords } from "../../vector.ts";
import type { HeErrorCode } from "../he-error.ts";
import { MODULUS } from "../parameters.ts";
import { packResidues } from "../residues.ts";

/** For tests: bytes that are no ciphertext, and the code that they are refused with. */
export interface Malformed {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly code: HeErrorCode;
}

/** Where a ciphertext's residues begin: behind its seed. */
const SEED_BYTES = 64;

/** Every way that `honest`, a ciphertext of the wire, becomes none; `others`: bytes of other things of SEAL's. */
export function malformedFrom(
  honest: Uint8Array,
  others: Readonly<Record<string, Uint8Array>>,
  random: RandomSource,
): Malformed[] {
  const numbers = new RandomNumbers(random);
  const noise = (length: number) => {
    const bytes = new Uint8Array(length);
    random.fill(bytes);
    return bytes;
  };
  const wrongLength = {
    "no bytes": new Uint8Array(),
    "one byte cut off": honest.slice(0, -1),
    "cut off anywhere": honest.slice(0, numbers.below(honest.length)),
    "half of it": honest.slice(0, honest.length / 2),
    "one byte more": new Uint8Array([...honest, 0]),
    "a hundred bytes more": Buffer.concat([honest, noise(100)]),
    "two in one": Buffer.concat([honest, honest]),
    "32 KiB of noise": noise(32_768),
    ...others,
  };
  return [
    ...Object.entries(wrongLength).map(([what, bytes]) => ({
      what,
      bytes,
      code: "wrong-length" as const,
    })),
    ...[MODULUS, MODULUS + 1n, 2n ** 54n - 1n].map((residue) => ({
      what: `a residue of ${residue}`,
      bytes: withResidue(honest, numbers.below(2048), residue),
      code: "bad-residue" as const,
    })),
    { what: "ones alone", bytes: honest.slice().fill(255), code: "bad-residue" },
    { what: "zeros alone", bytes: honest.slice().fill(0), code: "transparent" },
    { what: "a seed of zeros", bytes: honest.slice().fill(0, 0, SEED_BYTES), code: "transparent" },
    { what: "residues of zeros", bytes: honest.slice().fill(0, SEED_BYTES), code: "transparent" },
  ];
}

/** A ciphertext with one residue replaced. */
function withResidue(honest: Uint8Array, place: number, residue: bigint): Uint8Array {
  const residues = new BigUint64Array(2048);
  residues[place] = residue ^ (2n ** 54n - 1n);
  const flips = bytesOfWords(packResidues(new Uint32Array(residues.buffer)));
  const changed = honest.slice();
  // All bits of the place are set, then those are cleared that the residue lacks.
  residues[place] = 2n ** 54n - 1n;
  const all = bytesOfWords(packResidues(new Uint32Array(residues.buffer)));
  for (const [i, bits] of all.entries()) {
    changed[SEED_BYTES + i] = ((changed[SEED_BYTES + i] ?? 0) | bits) & ~(flips[i] ?? 0);
  }
  return changed;
}
