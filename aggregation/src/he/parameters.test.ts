import { expect, test } from "vitest";
import {
  DEGREE,
  type HeParameters,
  heParameters,
  MODULUS,
  openHeContext,
  parametersHash,
  publicParameters,
} from "./parameters.ts";
import { Seal } from "./seal.ts";
import { SealContext, sealParameterBytes } from "./seal-context.ts";
import { codeOf } from "./testing/round.ts";

const SETS = [heParameters(8, 128), heParameters(15, 128), heParameters(16, 64)];

/**
 * How many standard deviations of the noise in a sum of `participants` ciphertexts fit before a coefficient is decrypted
 * wrongly. A ciphertext's noise is a centred binomial of variance 10.5 (SEAL's default); a masked coefficient, which is
 * uniform modulo 2^plainBits and lifted to the centre, adds a carry of variance 1/12, and so does taking masks off a sum.
 * 3 x 15 bits, 128 participants: 6.9, a wrong coefficient in 2e11; 2 x 22 bits: 13.8.
 */
function noiseMargin({ plainBits }: HeParameters, participants: number): number {
  const mostNoise = Number(MODULUS) / 2 ** plainBits / 2 - 1 / 2;
  return mostNoise / Math.sqrt(10.5 * participants + (participants + 1) / 12);
}

test("carries hold exactly the participants that are let in", () => {
  for (const set of SETS) {
    const largest = 2 ** set.valueBits - 1;
    expect(set.maxParticipants * largest).toBeLessThan(2 ** set.laneBits);
    expect((set.maxParticipants + 1) * largest).toBeGreaterThanOrEqual(2 ** set.laneBits);
    expect(set.lanes * set.laneBits).toBe(set.plainBits);
    expect(codeOf(() => heParameters(set.valueBits, set.maxParticipants + 1))).toBe(
      "too-many-participants",
    );
  }
});

test("other bits, and no or half a participant, are refused", () => {
  for (const [bits, participants] of [
    [9, 3],
    [8, 0],
    [8, 2.5],
    [8, Number.NaN],
  ] as const) {
    expect(codeOf(() => heParameters(bits, participants))).toBe("bad-parameters");
  }
});

test("with as many participants as are let in, the noise stays 6.9 standard deviations away, 13.8 for two lanes", () => {
  expect(SETS.map((set) => Math.floor(10 * noiseMargin(set, set.maxParticipants)))).toEqual([
    69, 138, 196,
  ]);
  expect(noiseMargin(heParameters(8, 10), 10)).toBeGreaterThan(24);
});

test("parameters have one text, which differs from set to set, and this hash", () => {
  expect(new TextDecoder().decode(publicParameters(heParameters(8, 3)))).toBe(
    '{"degree":2048,"laneBits":15,"lanes":3,"maxParticipants":128,"modulus":"18014398509404161",' +
      '"plainBits":45,"scheme":"bgv-2048-54","valueBits":8}',
  );
  expect(new Set(SETS.map(parametersHash)).size).toBe(3);
});

test("the modulus is a prime that SEAL makes, 1 modulo twice the degree", async () => {
  using seal = await Seal.open();
  using context = openHeContext(seal, heParameters(8, 3));
  expect(context.primes()).toEqual([MODULUS]);
  expect(MODULUS % BigInt(2 * DEGREE)).toBe(1n);
});

test("SEAL's bytes of parameters are the same in every instance, and a context needs no more", async () => {
  using ours = await Seal.open();
  using theirs = await Seal.open();
  const parameters = { scheme: "bgv", degree: DEGREE, primeBits: [54], plainBits: 45 } as const;
  const bytes = sealParameterBytes(ours, parameters);
  expect(bytes).toHaveLength(81);
  expect(sealParameterBytes(theirs, parameters)).toEqual(bytes);
  using context = SealContext.fromBytes(theirs, bytes);
  expect(context.primes()).toEqual([MODULUS]);
});
