import { bytesToHex, type Hash, hexToBytes, type ParticipantId } from "@chorus/aggregation";
import { ClientError } from "../error.ts";

/**
 * A field of a length that is known: a copy, so that the message it came in is not kept. Throws {@link ClientError}
 * `protocol`, naming `what` it is.
 */
export function exactly(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length)
    throw new ClientError("protocol", `${what} has ${bytes.length} bytes, wanted ${length}`);
  return new Uint8Array(bytes);
}

/** A hash, or another 32 bytes that a name is made of. Throws {@link ClientError} `protocol`. */
export function readHash(bytes: Uint8Array | undefined, what: string): Hash {
  return bytesToHex(exactly(bytes ?? new Uint8Array(), 32, what), 32);
}

/** A hash where there may be none, "" then. Throws {@link ClientError} `protocol`. */
export function readEmptyOrHash(bytes: Uint8Array, what: string): Hash | "" {
  return bytes.length === 0 ? "" : readHash(bytes, what);
}

/** Throws {@link ClientError} `protocol`. */
export function readId(id: string): ParticipantId {
  if (!/^[0-9a-f]{32}$/.test(id))
    throw new ClientError("protocol", "participant id is not 32 lowercase hexadecimal digits");
  return id;
}

/** The 32 bytes of a hash. */
export function bytesOf(hash: Hash): Uint8Array {
  return hexToBytes(hash, 32);
}
