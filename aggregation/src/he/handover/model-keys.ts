import { sha256 } from "../../hash.ts";
import { MaskingError } from "../../masking/error.ts";
import { type AgreementKey, KeyProbe } from "../../masking/key-agreement.ts";
import type { ParticipantId } from "../../masking/messages.ts";
import { HandoverError } from "./handover-error.ts";

/** Whose key is sealed for whom, with which fresh X25519 keys. */
export interface KeyAddress {
  /** See `bindingHash`. */
  readonly binding: Uint8Array;
  readonly from: ParticipantId;
  readonly fromKey: Uint8Array;
  readonly to: ParticipantId;
  readonly toKey: Uint8Array;
}

/** The AES-256 key, 32 bytes, that a model's key is sealed with. Throws {@link HandoverError} `bad-key` naming the peer. */
export function wrappingKey(
  own: AgreementKey,
  peer: ParticipantId,
  peerKey: Uint8Array,
  { binding, from, fromKey, to, toKey }: KeyAddress,
): Uint8Array {
  const salt = sha256("chorus/handover-key/v1/", binding, fromKey, toKey);
  return translated(peer, () => {
    using secret = own.agree(peer, peerKey);
    return secret.derive(salt, "handover", [from, to]);
  });
}

/** Throws {@link HandoverError} `bad-key` for a key with which no agreement gives a secret. */
export function requireAgreement(owner: ParticipantId, publicKey: Uint8Array): void {
  translated(owner, () => new KeyProbe().requireUsable(owner, publicKey));
}

function translated<T>(participantId: ParticipantId, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof MaskingError)) throw cause;
    throw new HandoverError("bad-key", cause.message, participantId, { cause });
  }
}
