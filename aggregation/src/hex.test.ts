import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "./hex.ts";

test("bytes survive the way to digits and back, also as a view", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      expect(bytesOfHex(hexOf(bytes))).toEqual(bytes);
      expect(hexOf(bytes.subarray(1))).toBe(hexOf(bytes).slice(2));
    }),
  );
});

test("only lowercase pairs of digits stand for bytes", () => {
  for (const digits of ["0", "0g", "AA", "0x00", " 00 "]) {
    expect(() => bytesOfHex(digits)).toThrow(RangeError);
  }
});
