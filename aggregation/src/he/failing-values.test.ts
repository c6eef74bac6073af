import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../random.ts";
import { CKKS_SLOTS, CkksAdder, CkksCipher, newCkksKey, SMALL_CKKS } from "./ckks.ts";
import type { HeEncoding } from "./he-encoding.ts";
import { encodeHeUpdate } from "./he-quantiser.ts";
import { CHUNK_WORDS, packValues, unpackSums } from "./lanes.ts";
import { heParameters } from "./parameters.ts";
import { codeOf, seedOf, TestBench } from "./testing/round.ts";

/** Numbers that cannot be encrypted, or added up: what SEAL itself does with them is said above each test. */

const PARAMETERS = heParameters(8, 3);
const ENCODING: HeEncoding = {
  parameters: PARAMETERS,
  dimension: 10,
  clippingNorm: 1,
  maxExamples: 10,
  rotationSeed: seedOf("rotation"),
};
const COUNTS = {
  trainingExamples: 10,
  evaluationExamples: 0,
  evaluationCorrect: 0,
  evaluationLossMillis: 0,
};

let bench: TestBench;
let ckks: CkksCipher;
beforeAll(async () => {
  bench = await TestBench.open(PARAMETERS);
  const range = { largestValue: 8, participants: 10 };
  ckks = new CkksCipher(bench.seal, SMALL_CKKS, newCkksKey(bench.seal, SMALL_CKKS), range);
});
afterAll(() => {
  ckks[Symbol.dispose]();
  bench[Symbol.dispose]();
});

function encode(value: number): Uint16Array {
  const delta = new Float32Array(10).fill(value, 3, 4);
  return encodeHeUpdate({ delta, counts: COUNTS }, ENCODING, seededRandom("rounding"));
}

/** Both ways to encrypt a value at index 3. */
const WAYS = {
  packed: (value: number) => encode(value),
  CKKS: (value: number) => ckks.encrypt(new Float32Array(10).fill(value, 3, 4)),
};

describe.each(["packed", "CKKS"] as const)("%s", (way) => {
  const encrypt = (value: number) => () => WAYS[way](value);

  // SEAL's CKKS: no error, the whole ciphertext becomes zeros.
  test("NaN is refused by its index", () => {
    expect(codeOf(encrypt(Number.NaN))).toBe("non-finite");
    expect(encrypt(Number.NaN)).toThrow(/\b3\b.* is NaN/);
  });

  // SEAL's CKKS: memory access out of bounds, and the instance is gone.
  test("infinity is refused by its index, and the instance lives on", () => {
    for (const value of [Infinity, -Infinity]) {
      expect(codeOf(encrypt(value))).toBe("non-finite");
      expect(encrypt(value)).toThrow(/\b3\b.* is -?Infinity/);
    }
    expect(bench.seal.isLost).toBe(false);
    encrypt(1)();
  });
});

// SEAL's CKKS: memory access out of bounds for 1e300; fewer too large ones pass, and decrypt to something else.
test("values beyond the range are clipped to the norm where they are packed, and refused by CKKS", () => {
  expect(encode(3e38).subarray(0, 10)).toEqual(encode(1).subarray(0, 10));
  expect(codeOf(() => WAYS.CKKS(3e38))).toBe("out-of-range");
  expect(codeOf(() => WAYS.CKKS(8.01))).toBe("out-of-range");
});

// SEAL's CKKS: no error, 10 times 2000 decrypts to 3616.
test("so many participants that a sum could wrap are refused before the first of them encrypts", () => {
  const key = newCkksKey(bench.seal, SMALL_CKKS);
  const open = () =>
    new CkksCipher(bench.seal, SMALL_CKKS, key, { largestValue: 8, participants: 1025 });
  expect(codeOf(open)).toBe("too-many-participants");
  expect(codeOf(() => heParameters(8, 129))).toBe("too-many-participants");
  expect(codeOf(() => heParameters(16, 65))).toBe("too-many-participants");
});

// SEAL's BFV: no error, 2^40 becomes 196,592.
test("a value of too many bits, and a coefficient beyond the plaintext modulus, are refused", () => {
  expect(codeOf(() => packValues(PARAMETERS, Uint16Array.of(1, 256)))).toBe("out-of-range");
  const chunk = new Uint32Array(CHUNK_WORDS);
  chunk[9] = 2 ** 13;
  expect(codeOf(() => bench.cipher.encrypt(chunk))).toBe("out-of-range");
});

// SEAL's BFV: no error, it wraps.
test("a lane that ran over what its participants can add up to is found, named, when the sum is opened", () => {
  const chunk = packValues(PARAMETERS, Uint16Array.of(255, 255, 255));
  chunk[4] = 2 ** 9;
  const opened = bench.opened([bench.cipher.encrypt(chunk)]);
  expect(() => unpackSums(PARAMETERS, opened, 3, 1)).toThrow(
    expect.objectContaining({ code: "overflow", message: expect.stringMatching(/^sum 1 /) }),
  );
});

// SEAL: an error, which ends the instance, for more; fewer are filled up with zeros.
test("more values than there is room for are refused; fewer are followed by zeros", () => {
  expect(codeOf(() => ckks.encrypt(new Float32Array(CKKS_SLOTS + 1)))).toBe("wrong-dimension");
  expect(codeOf(() => bench.cipher.encrypt(new Uint32Array(CHUNK_WORDS + 2)))).toBe("wrong-length");
  const few = bench.opened([bench.cipher.encrypt(packValues(PARAMETERS, Uint16Array.of(7)))]);
  expect(unpackSums(PARAMETERS, few, 6, 1)).toEqual(Uint32Array.of(7, 0, 0, 0, 0, 0));
});

// SEAL's CKKS: 0 and what is beyond the modulus are errors, which end the instance; NaN is accepted.
test("scales are nobody's to choose: a scale that a sender rewrote is another header", () => {
  using adder = new CkksAdder(bench.seal, SMALL_CKKS);
  const ciphertext = ckks.encrypt(Float32Array.of(1));
  for (const scale of [0, Number.NaN, 2 ** 20, 1e300]) {
    const changed = ciphertext.slice();
    changed.set(new Uint8Array(Float64Array.of(scale).buffer), 73);
    expect(
      codeOf(() => adder.sumOf([ciphertext, changed])),
      `${scale}`,
    ).toBe("wrong-header");
  }
  expect(bench.seal.isLost).toBe(false);
});
