import { createCipheriv, createDecipheriv } from "node:crypto";
import type { RoundConfig } from "./config.ts";
import { MaskingError } from "./error.ts";
import type { ExchangeContext } from "./exchange-context.ts";
import type { SharedSecret } from "./key-agreement.ts";
import type { ParticipantId, SealedShare } from "./messages.ts";
import { contributionBytes } from "./round-key.ts";

/** Bytes of a share of both secrets: 32 of the self-mask seed, then 32 of the mask-key seed. */
export const SHARE_BYTES = 64;

const TAG_BYTES = 16;

/** Bytes of a sealed share: the share, the contribution to an encrypted round's key, and the tag. */
export function sealedBytes(config: RoundConfig): number {
  return SHARE_BYTES + contributionBytes(config) + TAG_BYTES;
}

/** Every key seals one share only, so one nonce is enough. */
const NONCE: Uint8Array = new Uint8Array(12);

/** The AES-256 key, 32 bytes, for what `from` seals for `to`; the other direction has another key. */
export function sealingKey(
  secret: SharedSecret,
  context: ExchangeContext,
  from: ParticipantId,
  to: ParticipantId,
): Uint8Array {
  return secret.derive(context.hash, "seal", [from, to]);
}

/**
 * Seals a share, with the contribution to an encrypted round's key behind it, with AES-256-GCM, bound to the exchange, both
 * participants and the Shamir coordinate.
 */
export function sealShare(
  key: Uint8Array,
  context: ExchangeContext,
  from: ParticipantId,
  to: ParticipantId,
  share: Uint8Array,
): SealedShare {
  const cipher = createCipheriv("aes-256-gcm", key, NONCE);
  cipher.setAAD(bindingOf(context, from, to));
  const sealed = [cipher.update(share), cipher.final(), cipher.getAuthTag()];
  return { from, to, ciphertext: new Uint8Array(Buffer.concat(sealed)) };
}

/**
 * What `sealed` holds: a share of 64 bytes, and in an encrypted round the sender's contribution to its key. Throws
 * {@link MaskingError} `unopenable-share` naming the sender unless it was sealed under this key for this exchange, sender,
 * addressee and coordinate, and was not changed.
 */
export function openShare(
  key: Uint8Array,
  context: ExchangeContext,
  { from, to, ciphertext }: SealedShare,
): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", key, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(bindingOf(context, from, to));
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  const share = decipher.update(ciphertext.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch (cause) {
    if (!context.guard.permits("unopenable-share")) share.fill(0);
    const message = `the share that ${from} sealed for ${to} does not open`;
    context.guard.refuse(
      new MaskingError("unopenable-share", message, { participantId: from, cause }),
    );
  }
  return new Uint8Array(share.buffer, share.byteOffset, share.length);
}

/** Exchange hash, sender, addressee, and the addressee's Shamir coordinate in one byte. */
function bindingOf(context: ExchangeContext, from: ParticipantId, to: ParticipantId): Uint8Array {
  const ids = Buffer.from(`${from}${to}`);
  return Buffer.concat([context.hash, ids, Uint8Array.of(context.shareIndexOf(from, to))]);
}
