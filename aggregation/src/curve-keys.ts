import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** Curves of RFC 8032 (signatures) and RFC 7748 (key agreement); keys and seeds are 32 bytes on both. */
export type Curve = "Ed25519" | "X25519";

/** What stands before the 32 secret bytes in PKCS #8. Source: RFC 8410, section 7. */
const PKCS8_PREFIX = {
  Ed25519: "302e020100300506032b657004220420",
  X25519: "302e020100300506032b656e04220420",
} as const satisfies Record<Curve, string>;

/** The secret key of `curve` that grows from 32 bytes. Throws RangeError for another length. */
export function privateKeyFromSeed(curve: Curve, seed: Uint8Array): KeyObject {
  requireKeyLength(seed);
  const prefix = Buffer.from(PKCS8_PREFIX[curve], "hex");
  const key = Buffer.allocUnsafeSlow(prefix.length + seed.length);
  key.set(prefix);
  key.set(seed, prefix.length);
  try {
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  } finally {
    key.fill(0);
  }
}

/** The public key of `curve` with these 32 bytes. Throws RangeError for another length. */
export function publicKeyFromBytes(curve: Curve, bytes: Uint8Array): KeyObject {
  requireKeyLength(bytes);
  const x = Buffer.from(bytes).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: curve, x }, format: "jwk" });
}

/** The 32 bytes of the public key that belongs to a secret key. */
export function publicBytesOf(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  if (x === undefined) throw new Error("the key is not on one of the two curves");
  return new Uint8Array(Buffer.from(x, "base64url"));
}

function requireKeyLength(bytes: Uint8Array): void {
  if (bytes.length !== 32) throw new RangeError(`key has ${bytes.length} bytes, wanted 32`);
}
