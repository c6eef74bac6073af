import { createHash } from "node:crypto";

const sealBytes = 32;

/** The payload behind its SHA-256, which {@link unsealRecord} checks. */
export function sealRecord(payload: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(sealBytes + payload.length);
  sealed.set(sha256(payload));
  sealed.set(payload, sealBytes);
  return sealed;
}

/** The payload of a sealed record; undefined when a bit of it has changed. */
export function unsealRecord(sealed: Uint8Array): Uint8Array | undefined {
  const payload = sealed.subarray(sealBytes);
  const kept = sealed.subarray(0, sealBytes);
  return Buffer.compare(sha256(payload), kept) === 0 ? payload : undefined;
}

function sha256(payload: Uint8Array): Uint8Array {
  return createHash("sha256").update(payload).digest();
}
