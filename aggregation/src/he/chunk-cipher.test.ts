import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packSum, SUM_WORDS } from "./ciphertext-form.ts";
import { addCoefficients, reduceCoefficients } from "./coefficients.ts";
import { CHUNK_WORDS, packValues, unpackSums, valuesPerChunk } from "./lanes.ts";
import { heParameters, type ValueBits } from "./parameters.ts";
import { codeOf, TestBench, valuesOf, wordsOf } from "./testing/round.ts";

describe.each([
  [8, 128],
  [15, 128],
  [16, 64],
] as const)("values of %i bits, %i participants", (valueBits: ValueBits, participants) => {
  const parameters = heParameters(valueBits, participants);
  const count = valuesPerChunk(parameters);
  let bench: TestBench;
  beforeAll(async () => {
    bench = await TestBench.open(parameters);
  });
  afterAll(() => bench[Symbol.dispose]());

  test("no lane of the sum is wrong, with as many participants as the carry holds, all masked, and the masks taken off it", () => {
    const sums = new Uint32Array(count);
    const masks = new Uint32Array(CHUNK_WORDS);
    const ciphertexts = Array.from({ length: participants }, (_, index) => {
      // The first half sends the largest values there are.
      const values =
        index < participants / 2
          ? new Uint16Array(count).fill(2 ** valueBits - 1)
          : valuesOf(`values ${index}`, count, valueBits);
      for (const [i, value] of values.entries()) sums[i] = (sums[i] ?? 0) + value;
      const mask = wordsOf(`mask ${index}`, CHUNK_WORDS);
      const chunk = packValues(parameters, values);
      addCoefficients(masks, mask);
      addCoefficients(chunk, mask);
      reduceCoefficients(chunk, parameters.plainBits);
      return bench.cipher.encrypt(chunk);
    });
    reduceCoefficients(masks, parameters.plainBits);
    const sum = bench.sumOf(ciphertexts);
    bench.adder.takeOff(sum, masks);
    const opened = bench.cipher.decrypt(packSum(sum));
    expect(unpackSums(parameters, opened, count, participants)).toEqual(sums);
  });
});

describe("sums", () => {
  let bench: TestBench;
  beforeAll(async () => {
    bench = await TestBench.open();
  });
  afterAll(() => bench[Symbol.dispose]());

  test("a chunk of zeros alone decrypts to zeros, though SEAL leaves them out", () => {
    const zeros = new Uint32Array(CHUNK_WORDS);
    expect(bench.opened([bench.cipher.encrypt(zeros)])).toEqual(zeros);
  });

  // SEAL refuses such a sum, which would end the instance.
  test("masks are not taken off a sum that nothing was added to", () => {
    const takeOff = () =>
      bench.adder.takeOff(new Uint32Array(SUM_WORDS), new Uint32Array(CHUNK_WORDS).fill(1));
    expect(codeOf(takeOff)).toBe("transparent");
    expect(bench.seal.isLost).toBe(false);
  });

  test("the same chunk never has the same ciphertext", () => {
    const chunk = packValues(bench.key.parameters, valuesOf("twice", 100, 8));
    expect(bench.cipher.encrypt(chunk)).not.toEqual(bench.cipher.encrypt(chunk));
  });

  test("a chunk of another length or with a coefficient beyond the modulus is not encrypted", () => {
    const chunk = new Uint32Array(CHUNK_WORDS);
    expect(codeOf(() => bench.cipher.encrypt(chunk.subarray(2)))).toBe("wrong-length");
    chunk[1] = 2 ** 13;
    expect(codeOf(() => bench.cipher.encrypt(chunk))).toBe("out-of-range");
    expect(codeOf(() => bench.adder.takeOff(new Uint32Array(SUM_WORDS), chunk))).toBe(
      "out-of-range",
    );
    chunk[1] = 2 ** 13 - 1;
    expect(bench.opened([bench.cipher.encrypt(chunk)])).toEqual(chunk);
  });
});
