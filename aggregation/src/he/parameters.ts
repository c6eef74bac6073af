import { canonicalJson } from "../canonical.ts";
import { sha256Hex } from "../hash.ts";
import type { Hash } from "../masking/messages.ts";
import { HeError } from "./he-error.ts";
import type { Seal } from "./seal.ts";
import { SealContext } from "./seal-context.ts";

/** Coefficients of a plaintext, and residues of each polynomial of a ciphertext. */
export const DEGREE = 2048;

/** The largest prime below 2^54 that is 1 modulo 4096: 128-bit secure with a degree of 2048 by SEAL's table (HE standard). */
export const MODULUS: bigint = 2n ** 54n - 77_823n;

/** Bits that a participant's value can have. */
export type ValueBits = 8 | 15 | 16;

/**
 * How values lie in plaintexts of BGV, 2^plainBits being the plaintext modulus: `lanes` of them in a coefficient, each with
 * room for the carries of at most `maxParticipants` values.
 *
 * BGV, not BFV: it encrypts twice as fast (Node 24, CPU time in one run: 90 and 200 ms for a million 8-bit values), and it
 * keeps ciphertexts as values at roots, so that a residue that is damaged on the way changes every coefficient that is
 * decrypted, the sentinel too. Whoever changes a ciphertext on purpose adds to coefficients what it likes, the sentinel spared:
 * that shows in the commitments. A power of two as plaintext modulus, because masks are added modulo it: a mask is then so many
 * bits of a keystream.
 */
export interface HeParameters {
  readonly scheme: "bgv-2048-54";
  readonly valueBits: ValueBits;
  readonly lanes: number;
  readonly laneBits: number;
  readonly plainBits: number;
  readonly maxParticipants: number;
}

const SETS: Readonly<Record<ValueBits, HeParameters>> = {
  8: setOf({ valueBits: 8, lanes: 3, laneBits: 15 }),
  15: setOf({ valueBits: 15, lanes: 2, laneBits: 22 }),
  16: setOf({ valueBits: 16, lanes: 2, laneBits: 22 }),
};

/**
 * The parameters for values of so many bits among so many participants. Throws {@link HeError} `too-many-participants` for
 * more than the carry holds, `bad-parameters` for other bits or less than one participant.
 */
export function heParameters(valueBits: number, participants: number): HeParameters {
  const found = Object.values(SETS).find((set) => set.valueBits === valueBits);
  if (found === undefined) {
    throw new HeError("bad-parameters", `values have ${valueBits} bits, wanted 8, 15 or 16`);
  }
  requireParticipants(found, participants);
  return found;
}

/** Throws {@link HeError} `too-many-participants`; `bad-parameters` unless they are an integer from 1. */
export function requireParticipants(
  { maxParticipants, valueBits }: HeParameters,
  participants: number,
): void {
  if (!Number.isInteger(participants) || participants < 1) {
    throw new HeError(
      "bad-parameters",
      `there are ${participants} participants, wanted one at least`,
    );
  }
  if (participants > maxParticipants) {
    const message = `there are ${participants} participants, ${valueBits}-bit values have room for ${maxParticipants}`;
    throw new HeError("too-many-participants", message);
  }
}

/** The one text of parameters, as UTF-8: what participants and the coordinator agree on. */
export function publicParameters(parameters: HeParameters): Uint8Array {
  const text = canonicalJson({ ...parameters, degree: DEGREE, modulus: String(MODULUS) });
  return new TextEncoder().encode(text);
}

export function parametersHash(parameters: HeParameters): Hash {
  return sha256Hex(publicParameters(parameters));
}

/**
 * The context of parameters, from what is public alone. Throws {@link HeError} `wrong-parameters` when this SEAL makes
 * another modulus of them.
 */
export function openHeContext(seal: Seal, { plainBits }: HeParameters): SealContext {
  const context = SealContext.open(seal, {
    scheme: "bgv",
    degree: DEGREE,
    primeBits: [54],
    plainBits,
  });
  const primes = context.primes();
  if (primes.length === 1 && primes[0] === MODULUS) return context;
  throw new HeError(
    "wrong-parameters",
    `SEAL's modulus is ${primes.join(" * ")}, wanted ${MODULUS}`,
  );
}

function setOf(set: Pick<HeParameters, "valueBits" | "lanes" | "laneBits">): HeParameters {
  const plainBits = set.lanes * set.laneBits;
  const maxParticipants = 2 ** (set.laneBits - set.valueBits);
  return { scheme: "bgv-2048-54", ...set, plainBits, maxParticipants };
}
