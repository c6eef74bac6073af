import { canonicalJson } from "../../canonical.ts";
import { bytesToHex, hexToBytes, sha256 } from "../../hash.ts";
import { type Identity, participantIdOf, verifySignature } from "../../identity.ts";
import type { ParticipantId } from "../../masking/messages.ts";
import type { Handover, HandoverBinding, ModelRequest } from "./handover.ts";
import { HandoverError } from "./handover-error.ts";

/** 32 bytes that say for which model, attempt, round, run and federation a message is. */
export function bindingHash(binding: HandoverBinding): Uint8Array {
  const { federationId, runId, round, roundId, modelHash, stateHash } = binding;
  const text = canonicalJson({ federationId, runId, round, roundId, modelHash, stateHash });
  return sha256("chorus/model-handover/v1/", text);
}

/** What a request's signature is of. */
export function requestBytes(
  binding: HandoverBinding,
  { participantId, identityKey, encryptionKey }: Omit<ModelRequest, "signature">,
): Uint8Array {
  const name = Buffer.from("chorus/model-request/v1/");
  const id = hexToBytes(participantId, 16);
  return Buffer.concat([name, bindingHash(binding), id, identityKey, encryptionKey]);
}

/** What a handover's signature is of: all of it, and the request that it answers, signature and all. */
export function handoverBytes(
  binding: HandoverBinding,
  request: ModelRequest,
  handover: Omit<Handover, "signature">,
): Uint8Array {
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(handover.totalBytes));
  return Buffer.concat([
    Buffer.from("chorus/handover/v1/"),
    requestBytes(binding, request),
    request.signature,
    hexToBytes(handover.participantId, 16),
    handover.identityKey,
    handover.encryptionKey,
    handover.sealedKey,
    new Uint8Array(length.buffer),
    hexToBytes(handover.sealedHash, 32),
  ]);
}

/** Who signs, as messages name it. */
export function signerOf({ participantId, publicKey }: Identity): {
  readonly participantId: ParticipantId;
  readonly identityKey: Uint8Array;
} {
  return { participantId, identityKey: publicKey };
}

/** Throws {@link HandoverError} `wrong-length` unless each of a message's fields has as many bytes as wanted. */
export function requireLengths(
  participantId: ParticipantId,
  fields: Readonly<Record<string, readonly [bytes: Uint8Array, wanted: number]>>,
): void {
  for (const [what, [bytes, wanted]] of Object.entries(fields)) {
    if (bytes.length === wanted) continue;
    const message = `${what} of ${participantId} has ${bytes.length} bytes, wanted ${wanted}`;
    throw new HandoverError("wrong-length", message, participantId);
  }
}

/** Throws {@link HandoverError} `wrong-participant`, `bad-signature` unless the named participant has signed `bytes`. */
export function requireSigned(
  what: string,
  { participantId, identityKey, signature }: Omit<ModelRequest, "encryptionKey">,
  bytes: () => Uint8Array,
): void {
  if (participantIdOf(identityKey) !== participantId) {
    const message = `the ${what} of ${participantId} has the key of another participant: ${bytesToHex(identityKey, 32)}`;
    throw new HandoverError("wrong-participant", message, participantId);
  }
  if (verifySignature(identityKey, bytes(), signature)) return;
  const message = `the ${what} is not signed by ${participantId} for this model and round`;
  throw new HandoverError("bad-signature", message, participantId);
}
