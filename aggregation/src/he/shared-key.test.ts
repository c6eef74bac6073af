import { afterAll, beforeAll, expect, test } from "vitest";
import { chiSquare, chiSquareLimit } from "../masking/testing/statistics.ts";
import { systemRandom } from "../random.ts";
import { applyCoefficientMasks } from "./coefficient-masks.ts";
import { areBelow } from "./coefficients.ts";
import { chunkOf, packValues, unpackSums, valuesPerChunk } from "./lanes.ts";
import { heParameters } from "./parameters.ts";
import { codeOf, TestBench, valuesOf } from "./testing/round.ts";

/** What the coordinator, who has the ciphertexts, and a participant, who has the key, see together. */

const PARAMETERS = heParameters(8, 3);
const CHUNKS = 12;
const COUNT = CHUNKS * valuesPerChunk(PARAMETERS);
const VALUES = valuesOf("the victim's update", COUNT, 8);

let bench: TestBench;
beforeAll(async () => {
  bench = await TestBench.open(PARAMETERS);
});
afterAll(() => bench[Symbol.dispose]());

/** The victim's ciphertexts, each opened on its own with the key. */
function openedOneByOne(coefficients: Uint32Array): Uint32Array {
  const opened = new Uint32Array(coefficients.length);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const ciphertext = bench.cipher.encrypt(chunkOf(coefficients, chunk));
    chunkOf(opened, chunk).set(bench.opened([ciphertext]));
  }
  return opened;
}

function seed(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32);
  systemRandom.fill(bytes);
  return bytes;
}

/** Chi-square of the plaintext's bytes, all but what is left of the highest. */
function uniformity(coefficients: Uint32Array): number {
  const bytes = Array.from(new BigUint64Array(coefficients.buffer), (value) =>
    [0n, 8n, 16n, 24n, 32n, 37n].map((shift) => Number((value >> shift) & 255n)),
  );
  return chiSquare(bytes.flat(), 256);
}

test("control: under a bare shared key they read one participant's update, value by value", () => {
  const opened = openedOneByOne(packValues(PARAMETERS, VALUES));
  expect(unpackSums(PARAMETERS, opened, COUNT, 1)).toEqual(Uint32Array.from(VALUES));
  expect(uniformity(opened)).toBeGreaterThan(chiSquareLimit(256));
});

test("with one mask that neither of them knows, they open what is uniform modulo the plaintext modulus", () => {
  const masked = packValues(PARAMETERS, VALUES);
  applyCoefficientMasks(PARAMETERS, masked, { added: seed(), subtracted: new Uint8Array() });
  const opened = openedOneByOne(masked);
  expect(opened).toEqual(masked);
  expect(areBelow(opened, PARAMETERS.plainBits)).toBe(true);
  expect(uniformity(opened)).toBeLessThan(chiSquareLimit(256));
  expect(codeOf(() => unpackSums(PARAMETERS, opened, COUNT, 1))).toBe("wrong-sum");
});

test("of two who share a mask they open the sum alone", () => {
  const shared = seed();
  const none = new Uint8Array();
  const others = valuesOf("another update", COUNT, 8);
  const [first, second] = [packValues(PARAMETERS, VALUES), packValues(PARAMETERS, others)];
  applyCoefficientMasks(PARAMETERS, first, { added: shared, subtracted: none });
  applyCoefficientMasks(PARAMETERS, second, { added: none, subtracted: shared });
  const opened = new Uint32Array(first.length);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const both = [first, second].map((words) => bench.cipher.encrypt(chunkOf(words, chunk)));
    chunkOf(opened, chunk).set(bench.opened(both));
  }
  const sums = Uint32Array.from(VALUES, (value, i) => value + (others[i] ?? 0));
  expect(unpackSums(PARAMETERS, opened, COUNT, 2)).toEqual(sums);
});
