import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "./hex.ts";
import { createIdentity, participantIdOf, verifySignature } from "./identity.ts";

// Source: RFC 8032, section 7.1, tests 1 to 3.
const VECTORS = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

test("keys and signatures are those of RFC 8032", () => {
  for (const { seed, publicKey, message, signature } of VECTORS) {
    const identity = createIdentity(bytesOfHex(seed));
    expect(hexOf(identity.publicKey)).toBe(publicKey);
    expect(hexOf(identity.sign(bytesOfHex(message)))).toBe(signature);
    expect(verifySignature(identity.publicKey, bytesOfHex(message), bytesOfHex(signature))).toBe(
      true,
    );
  }
});

test("a signature holds for its own bytes and key only", () => {
  const [first, second] = VECTORS.map(({ seed }) => createIdentity(bytesOfHex(seed)));
  if (first === undefined || second === undefined) throw new Error("no vectors");
  const bytes = Uint8Array.of(1, 2, 3);
  const signature = first.sign(bytes);
  expect(verifySignature(first.publicKey, bytes, signature)).toBe(true);
  expect(verifySignature(second.publicKey, bytes, signature)).toBe(false);
  expect(verifySignature(first.publicKey, Uint8Array.of(1, 2), signature)).toBe(false);
  expect(verifySignature(first.publicKey, bytes, signature.subarray(1))).toBe(false);
  expect(verifySignature(first.publicKey.subarray(1), bytes, signature)).toBe(false);
});

test("a participant's id is the head of its key's SHA-256", () => {
  const { participantId, publicKey } = createIdentity(new Uint8Array(32).fill(7));
  expect(participantId).toBe(createHash("sha256").update(publicKey).digest("hex").slice(0, 32));
  expect(participantIdOf(publicKey)).toBe(participantId);
});

test("a seed of another length is refused", () => {
  expect(() => createIdentity(new Uint8Array(31))).toThrow(RangeError);
});

test("an identity prints nothing of its secret key", () => {
  const seed = new Uint8Array(32).fill(0xa7);
  const identity = createIdentity(seed);
  const printed = inspect(identity, { depth: null, showHidden: true }) + JSON.stringify(identity);
  expect(printed).not.toMatch(/a7a7|167, ?167|p6en/);
});
