import { createCipheriv, createDecipheriv } from "node:crypto";
import { hexToBytes } from "../../hash.ts";
import type { ParticipantId } from "../../masking/messages.ts";

/** Bytes of AES-GCM's tag. */
export const TAG_BYTES = 16;

/** Bytes before a model's: how many they are, as a big-endian integer. The state is what is behind them. */
export const HEAD_BYTES = 8;

/** Every key seals one text only, so one nonce is enough. */
const NONCE: Uint8Array = new Uint8Array(12);

/** What a sealed model begins with. */
export function headOf(modelBytes: number): Uint8Array {
  const head = new DataView(new ArrayBuffer(HEAD_BYTES));
  head.setBigUint64(0, BigInt(modelBytes));
  return new Uint8Array(head.buffer);
}

/** What a sealed model is bound to. */
export function modelAad(binding: Uint8Array, from: ParticipantId): Uint8Array {
  return Buffer.concat([
    Buffer.from("chorus/handed-over-model/v1/"),
    binding,
    hexToBytes(from, 16),
  ]);
}

/** Parts one after the other, sealed with AES-256-GCM: their bytes and the tag. */
export function sealBytes(
  key: Uint8Array,
  aad: Uint8Array,
  parts: readonly Uint8Array[],
): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, NONCE);
  cipher.setAAD(aad);
  const length = parts.reduce((sum, part) => sum + part.length, TAG_BYTES);
  const sealed = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    sealed.set(cipher.update(part), offset);
    offset += part.length;
  }
  cipher.final();
  sealed.set(cipher.getAuthTag(), offset);
  return sealed;
}

/** What {@link sealBytes} sealed; undefined when it was sealed with another key or for something else, or was changed. */
export function openBytes(
  key: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const buffer = decipher.update(sealed.subarray(0, -TAG_BYTES));
  const opened = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  try {
    decipher.final();
    return opened;
  } catch {
    opened.fill(0);
    return undefined;
  }
}
