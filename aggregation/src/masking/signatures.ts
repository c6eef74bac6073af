import { type Identity, verifySignature } from "../identity.ts";
import { MaskingError } from "./error.ts";
import type { ParticipantId } from "./messages.ts";
import type { SigningContext } from "./round-context.ts";

/** The messages of SA-1 that a participant signs. No name is the beginning of another. */
export type SignedMessage =
  | "key-advertisement"
  | "upload-commitment"
  | "survivor-ack"
  | "model-report";

/** Signs "SA-1", the message's name, the context's hash and `body`; 64 bytes. */
export function signMessage(
  identity: Identity,
  context: SigningContext,
  message: SignedMessage,
  body: Uint8Array,
): Uint8Array {
  return identity.sign(signedBytes(context, message, body));
}

/** Refuses with {@link MaskingError} `bad-signature` unless `signature` is what {@link signMessage} gives the member. */
export function requireSignature(
  context: SigningContext,
  message: SignedMessage,
  participantId: ParticipantId,
  body: Uint8Array,
  signature: Uint8Array,
): void {
  const key = context.identityKeyOf(participantId);
  if (!verifySignature(key, signedBytes(context, message, body), signature)) {
    const text = `the ${message} is not signed by ${participantId}`;
    context.guard.refuse(new MaskingError("bad-signature", text, { participantId }));
  }
}

function signedBytes(
  context: SigningContext,
  message: SignedMessage,
  body: Uint8Array,
): Uint8Array {
  return Buffer.concat([Buffer.from(`SA-1${message}`), context.hash, body]);
}
