import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex } from "../hex.ts";
import { Keystream, wipeAndFree } from "./keystream.ts";

function keystream(keyAndCounter: Uint8Array, firstWord: number, words: number): Uint8Array {
  return new Keystream(keyAndCounter, firstWord).next(new Uint8Array(4 * words));
}

// Source: NIST SP 800-38A, F.5.1: plaintext XOR ciphertext of CTR-AES128.Encrypt's third block, counter ...fdff01.
test("the keystream from word 8 on is NIST's from the third counter block on", () => {
  const seed = bytesOfHex("2b7e151628aed2a6abf7158809cf4f3cf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const plaintext = bytesOfHex("30c81c46a35ce411e5fbc1191a0a52ef");
  const ciphertext = bytesOfHex("5ae4df3edbd5d35e5b4f09020db03eab");
  const wanted = plaintext.map((byte, i) => byte ^ (ciphertext[i] ?? 0));
  expect(new Uint8Array(keystream(seed, 8, 4))).toEqual(wanted);
});

test("a stream that begins at a word goes on as the whole stream does, also where the counter carries over", () => {
  const counters = fc.oneof(
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.nat({ max: 16 }).map((ones) => new Uint8Array(16).fill(255, 16 - ones)),
  );
  const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(key, counters, fc.nat({ max: 9000 }), fc.nat({ max: 40 }), (k, counter, at, n) => {
      const seed = new Uint8Array([...k, ...counter]);
      const whole = keystream(seed, 0, at + n);
      expect(Buffer.compare(keystream(seed, at, n), whole.subarray(4 * at))).toBe(0);
    }),
  );
});

// 2^34 words: 2^32 counter blocks, so that the carry leaves the counter's lowest four bytes.
test("a place beyond 2^32 counter blocks is the place that a counter advanced by hand has", () => {
  const seed = new Uint8Array(32).fill(9);
  const advanced = seed.slice();
  advanced[27] = 10;
  expect(keystream(seed, 2 ** 34 + 3, 8)).toEqual(keystream(advanced, 3, 8));
});

test("a place that is not a whole number from 0 is refused", () => {
  for (const firstWord of [-1, 0.5, Number.NaN, 2 ** 53]) {
    expect(() => new Keystream(new Uint8Array(32), firstWord)).toThrow(RangeError);
  }
});

test("a part of the stream is gone when it is freed, at once and without the garbage collector", () => {
  const stream = new Keystream(new Uint8Array(32), 0);
  const zeros = new Uint8Array(131_072);
  const before = process.memoryUsage().arrayBuffers;
  for (let part = 0; part < 100; part++) {
    const bytes = stream.next(zeros);
    wipeAndFree(bytes);
    expect(bytes.length).toBe(0);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * zeros.length);
});

test("a part that shares its memory is wiped, and the rest of that memory is left alone", () => {
  const shared = new Uint8Array(16).fill(7);
  wipeAndFree(shared.subarray(4, 12));
  expect(shared).toEqual(Uint8Array.of(7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7));
});
