import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CIPHERTEXT_BYTES, SUM_BYTES } from "./ciphertext-form.ts";
import { EncryptedSum } from "./encrypted-sum.ts";
import { chunkCount, valuesPerChunk } from "./lanes.ts";
import { heParameters, type ValueBits } from "./parameters.ts";
import { ParticipantCipher } from "./participant-cipher.ts";
import { MaskedCohort } from "./testing/cohort.ts";
import { codeOf, seedOf, valuesOf } from "./testing/round.ts";

const COHORT = new MaskedCohort([0, 1, 2]);
const SURVIVORS = [0, 1];

describe.each([8, 15, 16] as const)("%i bits", (valueBits: ValueBits) => {
  const parameters = heParameters(valueBits, 3);
  // Beyond the 64 chunks that are packed and masked at a time.
  const count = 65 * valuesPerChunk(parameters) + 7;
  let cipher: ParticipantCipher;
  let sum: EncryptedSum;
  beforeAll(async () => {
    cipher = await ParticipantCipher.open(parameters, seedOf("key"));
    sum = await EncryptedSum.open(parameters, count);
  });
  afterAll(() => {
    cipher[Symbol.dispose]();
    sum[Symbol.dispose]();
  });

  test("values of many chunks come through masks, encryption, dropouts and sums exactly", async () => {
    for (const member of SURVIVORS) {
      const values = valuesOf(`${member}`, count, valueBits);
      const ciphertexts = cipher.encrypt(values, COHORT.masksOf(member));
      expect(ciphertexts).toHaveLength(66 * CIPHERTEXT_BYTES);
      await sum.add(sum.check(ciphertexts));
    }
    const encrypted = await sum.takeOff(COHORT.leftOver(SURVIVORS));
    expect(encrypted).toHaveLength(66 * SUM_BYTES);
    const [a, b] = SURVIVORS.map((member) => valuesOf(`${member}`, count, valueBits));
    const exact = Uint32Array.from(a ?? [], (value, i) => value + (b?.[i] ?? Number.NaN));
    const opened = cipher.openSum(encrypted, count, 2);
    // Not toEqual, which takes a second for so many.
    expect(opened).toHaveLength(count);
    expect(opened.findIndex((value, i) => value !== exact[i])).toBe(-1);
  });
});

describe("one chunk", () => {
  const parameters = heParameters(8, 3);
  const count = 100;
  let cipher: ParticipantCipher;
  beforeAll(async () => {
    cipher = await ParticipantCipher.open(parameters, seedOf("key"));
  });
  afterAll(() => cipher[Symbol.dispose]());

  test("values and masks are overwritten once they are encrypted, and when they are refused", () => {
    for (const value of [255, 256]) {
      const values = new Uint16Array(count).fill(value);
      const masks = COHORT.masksOf(1);
      const code = codeOf(() => cipher.encrypt(values, masks));
      expect(code).toBe(value === 256 ? "out-of-range" : undefined);
      for (const secret of [values, masks.added, masks.subtracted]) {
        expect(secret.length).toBeGreaterThan(0);
        expect(secret.every((word: number) => word === 0)).toBe(true);
      }
    }
  });

  test("a value of too many bits is refused by its index in the whole vector", () => {
    const values = new Uint16Array(64 * valuesPerChunk(parameters) + 20);
    values[values.length - 3] = 256;
    const message = new RegExp(`value ${values.length - 3} `);
    expect(() => cipher.encrypt(values, COHORT.masksOf(0))).toThrow(message);
  });

  test("a sum of another length is refused, a malformed one by the chunk", () => {
    const values = valuesPerChunk(parameters) + 1;
    const chunks = chunkCount(parameters, values);
    for (const bytes of [0, 1, SUM_BYTES, 2 * SUM_BYTES - 1, 2 * SUM_BYTES + 1]) {
      const open = () => cipher.openSum(new Uint8Array(bytes), values, 2);
      expect(codeOf(open), `${bytes}`).toBe("wrong-length");
    }
    const zeros = () => cipher.openSum(new Uint8Array(chunks * SUM_BYTES), values, 2);
    expect(codeOf(zeros)).toBe("transparent");
    expect(zeros).toThrow(/^chunk 0 of the sum/);
    const ones = () => cipher.openSum(new Uint8Array(chunks * SUM_BYTES).fill(255), values, 2);
    expect(codeOf(ones)).toBe("bad-residue");
  });

  test("whoever is disposed of, or has no key, encrypts nothing", async () => {
    const other = await ParticipantCipher.open(parameters, seedOf("other"));
    other[Symbol.dispose]();
    expect(() => other.encrypt(new Uint16Array(count), COHORT.masksOf(0))).toThrow(/disposed/);
    const open = ParticipantCipher.open(parameters, new Uint8Array(31));
    await expect(open).rejects.toMatchObject({ code: "bad-key" });
  });

  test("nothing of the key is printed, and the caller's copy is left to the caller", async () => {
    const seed = seedOf("printed");
    using other = await ParticipantCipher.open(parameters, seed);
    expect(seed).toEqual(seedOf("printed"));
    const shown = `${String(other)}${JSON.stringify(other)}${inspect(other, { depth: 9, showHidden: true })}`;
    for (const form of [Buffer.from(seed).toString("hex"), [...seed].join(", ")]) {
      expect(shown).not.toContain(form);
    }
  });
});
