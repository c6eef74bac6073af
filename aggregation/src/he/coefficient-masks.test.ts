import fc from "fast-check";
import { expect, test } from "vitest";
import { chiSquare, chiSquareLimit } from "../masking/testing/statistics.ts";
import { bytesOfWords } from "../vector.ts";
import { applyCoefficientMasks } from "./coefficient-masks.ts";
import { addCoefficients, areBelow, reduceCoefficients } from "./coefficients.ts";
import { CHUNK_WORDS, packValues, valuesPerChunk } from "./lanes.ts";
import { heParameters } from "./parameters.ts";
import { valuesOf, wordsOf } from "./testing/round.ts";

const NO_SEEDS: Uint8Array<ArrayBuffer> = new Uint8Array();

/** Seeds of masks that repeat. */
function seedsOf(name: string, masks = 1): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytesOfWords(wordsOf(name, 8 * masks)));
}

test("masks that some add and others subtract leave nothing of them in the sum", () => {
  const bits = fc.constantFrom(8, 15, 16);
  fc.assert(
    fc.property(bits, fc.integer({ min: 2, max: 6 }), fc.string(), (valueBits, cohort, name) => {
      const parameters = heParameters(valueBits, cohort);
      const length = valuesPerChunk(parameters) + 1;
      const [sum, masked] = [new Uint32Array(2 * CHUNK_WORDS), new Uint32Array(2 * CHUNK_WORDS)];
      for (let i = 0; i < cohort; i++) {
        const chunks = packValues(parameters, valuesOf(`${name}${i}`, length, valueBits));
        addCoefficients(sum, chunks);
        const peers = Array.from({ length: cohort }, (_, j) => j);
        const pairs = (of: readonly number[]) =>
          Buffer.concat(of.map((j) => seedsOf(`${name}${Math.min(i, j)}-${Math.max(i, j)}`)));
        applyCoefficientMasks(parameters, chunks, {
          added: new Uint8Array(pairs(peers.filter((j) => j > i))),
          subtracted: new Uint8Array(pairs(peers.filter((j) => j < i))),
        });
        addCoefficients(masked, chunks);
      }
      reduceCoefficients(masked, parameters.plainBits);
      expect(masked).toEqual(sum);
    }),
    { numRuns: 10 },
  );
});

test("chunks that are masked one by one are masked as the whole is, beyond a stretch as well", () => {
  const parameters = heParameters(8, 3);
  const whole = new Uint32Array(10 * CHUNK_WORDS);
  const parts = whole.slice();
  const masks = { added: seedsOf("plus", 2), subtracted: seedsOf("minus") };
  applyCoefficientMasks(parameters, whole, masks);
  for (const chunk of [0, 1, 4, 9]) {
    const end = chunk === 1 ? 4 : chunk === 4 ? 9 : chunk + 1;
    const part = parts.subarray(chunk * CHUNK_WORDS, end * CHUNK_WORDS);
    applyCoefficientMasks(parameters, part, masks, chunk);
  }
  expect(Buffer.compare(bytesOfWords(parts), bytesOfWords(whole))).toBe(0);
});

test("a masked chunk is below the plaintext modulus and uniform, its sentinel and zeros included; an unmasked one is neither", () => {
  for (const parameters of [heParameters(8, 3), heParameters(16, 3)]) {
    const { plainBits } = parameters;
    const chunks = packValues(
      parameters,
      valuesOf("one", 20 * valuesPerChunk(parameters), parameters.valueBits),
    );
    const bare = chunks.slice();
    applyCoefficientMasks(parameters, chunks, { added: seedsOf("mask"), subtracted: NO_SEEDS });
    expect(areBelow(chunks, plainBits)).toBe(true);
    // The lowest byte, the highest of the plaintext, and the one between the words.
    for (const shift of [0, plainBits - 8, 28]) {
      expect(chiSquare(bytesAt(chunks, shift), 256)).toBeLessThan(chiSquareLimit(256));
    }
    expect(chiSquare(bytesAt(bare, plainBits - 8), 256)).toBeGreaterThan(chiSquareLimit(256));
  }
});

/** Eight bits of every coefficient, from bit `shift` on. */
function bytesAt(coefficients: Uint32Array, shift: number): number[] {
  const values = new BigUint64Array(coefficients.slice().buffer);
  return Array.from(values, (value) => Number((value >> BigInt(shift)) & 255n));
}
