import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesToHex, hexToBytes, sha256, sha256Hex } from "./hash.ts";

test("SHA-256 gives the digests of FIPS 180-4's examples", () => {
  // Source: NIST, "Examples with Intermediate Values", SHA-256, one and two blocks; and the empty message.
  expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  expect(sha256Hex()).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("how a message is cut into parts does not change its digest", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (parts) => {
      expect(sha256(...parts)).toEqual(sha256(Buffer.concat(parts)));
    }),
  );
});

test("bytes survive the way to hexadecimal digits and back", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(hexToBytes(bytesToHex(bytes, bytes.length), bytes.length)).toEqual(bytes);
    }),
  );
});

test("any other length is refused, and named", () => {
  expect(() => hexToBytes("abcd", 3)).toThrow("got 4 hexadecimal digits, wanted 6");
  expect(() => bytesToHex(new Uint8Array(31), 32)).toThrow("got 31 bytes, wanted 32 bytes");
});

test.each(["ABCD", "0xab", "ab d", "abcg", "ab\nd"])("%j is not two bytes", (digits) => {
  expect(() => hexToBytes(digits, 2)).toThrow(RangeError);
});
