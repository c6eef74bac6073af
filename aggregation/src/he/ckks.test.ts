import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RandomNumbers, seededRandom } from "../random.ts";
import { CKKS_SLOTS, CkksAdder, CkksCipher, NVFLARE_CKKS, newCkksKey, SMALL_CKKS } from "./ckks.ts";
import { Seal } from "./seal.ts";
import { codeOf } from "./testing/round.ts";

const RANGE = { largestValue: 8, participants: 10 };

function valuesOf(seed: string): Float32Array {
  const numbers = new RandomNumbers(seededRandom(seed));
  return Float32Array.from({ length: CKKS_SLOTS }, () => (2 * numbers.unit() - 1) * 8);
}

/** The bytes with some changed. */
function changed(bytes: Uint8Array, place: number, values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, place < 0 ? copy.length + place : place);
  return copy;
}

/** Eight bytes of a float64. */
function float64(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

describe.each([
  [SMALL_CKKS, 65_730, 1e-6],
  [NVFLARE_CKKS, 262_257, 1e-4],
])("$name", (set, bytes, error) => {
  let seal: Seal;
  let cipher: CkksCipher;
  let adder: CkksAdder;
  let honest: Uint8Array;
  beforeAll(async () => {
    seal = await Seal.open();
    cipher = new CkksCipher(seal, set, newCkksKey(seal, set), RANGE);
    adder = new CkksAdder(seal, set);
    honest = cipher.encrypt(valuesOf("honest"));
  });
  afterAll(() => seal[Symbol.dispose]());

  test("a sum of ten is right to six digits or more, and float32", () => {
    const all = Array.from({ length: 10 }, (_, i) => valuesOf(`participant ${i}`));
    const sum = cipher.decrypt(adder.sumOf(all.map((values) => cipher.encrypt(values))));
    expect(sum).toBeInstanceOf(Float32Array);
    for (const [slot, value] of sum.entries()) {
      const exact = all.reduce((total, values) => total + (values[slot] ?? Number.NaN), 0);
      // float32 itself is off by 80 * 2^-24 at most.
      expect(Math.abs(value - exact)).toBeLessThan(error + 80 / 2 ** 24);
    }
    expect(honest).toHaveLength(bytes);
  });

  // SEAL: NaN becomes zeros, infinity ends the instance, and sums beyond the modulus wrap; none says so.
  test("NaN, infinity and values beyond the range are refused by their index, too many values as well", () => {
    const refused = [
      [Number.NaN, "non-finite"],
      [Infinity, "non-finite"],
      [-Infinity, "non-finite"],
      [1e30, "out-of-range"],
      [-8.001, "out-of-range"],
    ] as const;
    for (const [value, code] of refused) {
      const values = valuesOf("fine");
      values[5] = value;
      expect(() => cipher.encrypt(values)).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(/^value 5 is/) }),
      );
    }
    const long = new Float32Array(CKKS_SLOTS + 1);
    expect(codeOf(() => cipher.encrypt(long))).toBe("wrong-dimension");
    expect(cipher.decrypt(adder.sumOf([cipher.encrypt(new Float32Array())]))[0]).toBeCloseTo(0);
  });

  test("what is no ciphertext of the set is refused before SEAL sees it, and the instance lives on", () => {
    const polynomialBytes = 8 * 8192 * (set === NVFLARE_CKKS ? 2 : 1);
    const refused = [
      [new Uint8Array(), "wrong-length"],
      [honest.slice(0, -1), "wrong-length"],
      [new Uint8Array([...honest, 0]), "wrong-length"],
      // SEAL accepts another scale, NaN included, and decrypts to something else.
      [changed(honest, 73, float64(2 ** 20)), "wrong-header"],
      [changed(honest, 73, float64(Number.NaN)), "wrong-header"],
      [changed(honest, 0, [0]), "wrong-header"],
      [changed(honest, 5, [2]), "wrong-header"],
      [changed(honest, 16, [honest[16] === 0 ? 1 : 0]), "wrong-header"],
      [changed(honest, 49, [3]), "wrong-header"],
      [
        changed(
          honest,
          113,
          Array.from({ length: 8 }, () => 255),
        ),
        "bad-residue",
      ],
      // SEAL adds these without a word.
      [honest.slice().fill(0, 113, 113 + polynomialBytes), "transparent"],
      [honest.slice().fill(0, 113), "transparent"],
    ] as const;
    for (const [bytes, code] of refused) {
      expect(codeOf(() => adder.sumOf([honest, bytes]))).toBe(code);
    }
    expect(seal.isLost).toBe(false);
    expect(cipher.decrypt(adder.sumOf([honest]))[9]).toBeCloseTo(valuesOf("honest")[9] ?? 0, 3);
  });

  // SEAL: no error for any of the three.
  test("another key, two keys in one sum, or one flipped bit is found by values beyond the range", () => {
    const other = new CkksCipher(seal, set, newCkksKey(seal, set), RANGE);
    const theirs = other.encrypt(valuesOf("theirs"));
    const flipped = changed(honest, 113 + 8 * 50, [(honest[113 + 8 * 50] ?? 0) ^ 1]);
    expect(codeOf(() => other.decrypt(adder.sumOf([honest])))).toBe("overflow");
    expect(codeOf(() => cipher.decrypt(adder.sumOf([honest, theirs])))).toBe("overflow");
    expect(codeOf(() => cipher.decrypt(adder.sumOf([honest, flipped])))).toBe("overflow");
    other[Symbol.dispose]();
  });
});

test("so many participants that their sum could wrap are refused", async () => {
  using seal = await Seal.open();
  const key = newCkksKey(seal, SMALL_CKKS);
  const open = (participants: number) =>
    new CkksCipher(seal, SMALL_CKKS, key, { largestValue: 8, participants });
  expect(codeOf(() => open(1025))).toBe("too-many-participants");
  open(1023)[Symbol.dispose]();
});
