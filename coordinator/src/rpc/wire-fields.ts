import { bytesToHex, type Hash, hexToBytes } from "@chorus/aggregation";
import { WireError } from "./error.ts";

/** A 32-byte hash or id from the wire, as hexadecimal. Throws {@link WireError} naming the field. */
export function hashFromWire(bytes: Uint8Array, field: string): Hash {
  return bytesToHex(exactly(bytes, 32, field), 32);
}

/** Bytes of a fixed length from the wire. Throws {@link WireError} naming the field. */
export function exactly(bytes: Uint8Array, length: number, field: string): Uint8Array {
  if (bytes.length !== length)
    throw new WireError("wrong-length", `${field} has ${bytes.length} bytes, wanted ${length}`);
  return bytes;
}

/** A message field that must be there. Throws {@link WireError} naming it. */
export function required<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new WireError("missing-field", `${field} is missing`);
  return value;
}

/** A hash or id for the wire. */
export function hashToWire(hash: Hash): Uint8Array {
  return hexToBytes(hash, 32);
}
