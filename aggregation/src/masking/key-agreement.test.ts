import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../hex.ts";
import { AgreementKey, deriveKey, hkdf, KeyProbe, SharedSecret } from "./key-agreement.ts";

const SALT = new Uint8Array(32).fill(9);

// Source: RFC 7748, section 6.1.
const ALICE = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const ALICE_PUBLIC = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
const BOB = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
const BOB_PUBLIC = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
const SHARED = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

test("keys and the secret they agree on are those of RFC 7748", () => {
  const alice = new AgreementKey(bytesOfHex(ALICE));
  const bob = new AgreementKey(bytesOfHex(BOB));
  expect(hexOf(alice.publicKey)).toBe(ALICE_PUBLIC);
  expect(hexOf(bob.publicKey)).toBe(BOB_PUBLIC);
  const wanted = new SharedSecret(bytesOfHex(SHARED)).derive(SALT, "test", []);
  expect(alice.agree("bob", bob.publicKey).derive(SALT, "test", [])).toEqual(wanted);
  expect(bob.agree("alice", alice.publicKey).derive(SALT, "test", [])).toEqual(wanted);
});

// The points of small order, with which every agreement is zero. Source: RFC 7748, section 6.1, and
// the list of cr.yp.to/ecdh.html ("validating public keys").
const SMALL_ORDER = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
];

test("a key that leads to the all-zero secret is refused, naming its owner", () => {
  const key = new AgreementKey(bytesOfHex(ALICE));
  const probe = new KeyProbe();
  const refusal = expect.objectContaining({ code: "bad-key", participantId: "mallory" });
  for (const point of SMALL_ORDER) {
    expect(() => key.agree("mallory", bytesOfHex(point))).toThrow(refusal);
    expect(() => probe.requireUsable("mallory", bytesOfHex(point))).toThrow(refusal);
  }
  expect(() => probe.requireUsable("bob", bytesOfHex(BOB_PUBLIC))).not.toThrow();
  expect(() => new SharedSecret(new Uint8Array(32))).toThrow(RangeError);
});

// Source: RFC 5869, appendix A.1 and A.3.
test("derived bytes are those of RFC 5869", () => {
  const secret = new Uint8Array(22).fill(0x0b);
  const salt = bytesOfHex("000102030405060708090a0b0c");
  const info = bytesOfHex("f0f1f2f3f4f5f6f7f8f9");
  expect(hexOf(hkdf(secret, salt, info, 42))).toBe(
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
  expect(hexOf(hkdf(secret, new Uint8Array(), new Uint8Array(), 42))).toBe(
    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
  );
});

test("a derived key belongs to one secret, one round, one purpose and one order of participants", () => {
  const secret = new Uint8Array(32).fill(1);
  const [a, b] = ["a".repeat(32), "b".repeat(32)];
  const keys = [
    deriveKey(secret, SALT, "seal", [a, b]),
    deriveKey(secret, SALT, "seal", [b, a]),
    deriveKey(secret, SALT, "pairwise-mask", [a, b]),
    deriveKey(secret, new Uint8Array(32), "seal", [a, b]),
    deriveKey(new Uint8Array(32).fill(2), SALT, "seal", [a, b]),
  ];
  expect(new Set(keys.map(hexOf)).size).toBe(keys.length);
});

test("a key of another length and a wiped key agree on nothing", () => {
  const key = new AgreementKey(bytesOfHex(ALICE));
  expect(() => key.agree("bob", bytesOfHex(BOB_PUBLIC).subarray(1))).toThrow(RangeError);
  expect(() => new AgreementKey(new Uint8Array(31))).toThrow(RangeError);
  key[Symbol.dispose]();
  expect(() => key.agree("bob", bytesOfHex(BOB_PUBLIC))).toThrow(/wiped/);
});
