import { createHash } from "node:crypto";
import { bytesOfHex, hexOf } from "./hex.ts";
import type { Hash } from "./masking/messages.ts";

/** SHA-256 of the parts one after the other, 32 bytes. A string counts as its UTF-8 bytes. */
export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** SHA-256 of the parts one after the other, as 64 lowercase hexadecimal digits. */
export function sha256Hex(...parts: readonly (Uint8Array | string)[]): Hash {
  return hexOf(sha256(...parts));
}

/** Lowercase hexadecimal digits of exactly `length` bytes; RangeError for any other number of bytes. */
export function bytesToHex(bytes: Uint8Array, length: number): string {
  if (bytes.length !== length)
    throw new RangeError(`got ${bytes.length} bytes, wanted ${length} bytes`);
  return hexOf(bytes);
}

/**
 * The bytes that `hex` stands for. RangeError unless it is exactly `length` bytes in lowercase digits without 0x, so
 * that two texts are never the same hash.
 */
export function hexToBytes(hex: string, length: number): Uint8Array {
  if (hex.length !== 2 * length)
    throw new RangeError(`got ${hex.length} hexadecimal digits, wanted ${2 * length}`);
  return bytesOfHex(hex);
}
