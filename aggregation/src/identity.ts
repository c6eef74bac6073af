import { sign, verify } from "node:crypto";
import { privateKeyFromSeed, publicBytesOf, publicKeyFromBytes } from "./curve-keys.ts";
import { sha256Hex } from "./hash.ts";

/** Who a participant is for as long as it is enrolled. Holds the secret key without showing it. */
export interface Identity {
  /** The first 32 hexadecimal digits of SHA-256(publicKey), lower case. */
  readonly participantId: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** An Ed25519 signature, 64 bytes, always the same for the same bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** The identity that grows from a secret seed of 32 bytes (RangeError otherwise). Source: RFC 8032, section 5.1.5. */
export function createIdentity(seed: Uint8Array): Identity {
  const privateKey = privateKeyFromSeed("Ed25519", seed);
  const publicKey = publicBytesOf(privateKey);
  return {
    participantId: participantIdOf(publicKey),
    publicKey,
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

/** The participant identifier that belongs to an Ed25519 public key. */
export function participantIdOf(publicKey: Uint8Array): string {
  return sha256Hex(publicKey).slice(0, 32);
}

/** Whether `signature` is a valid Ed25519 signature of `bytes`; false for keys and signatures of a wrong length. */
export function verifySignature(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return verify(null, bytes, publicKeyFromBytes("Ed25519", publicKey), signature);
}
