import { hexToBytes } from "./hash.ts";
import type { Hash } from "./masking/messages.ts";

const context = Buffer.from("chorus/check-in/v1");

/**
 * What a participant signs to check in: the coordinator's challenge, bound to the federation, so that a signature given to
 * one coordinator opens no session at another.
 */
export function checkInStatement(federationId: Hash, challenge: Uint8Array): Uint8Array {
  return Buffer.concat([context, hexToBytes(federationId, 32), challenge]);
}
