import {
  GRAPH_NONCE_BYTES,
  type KeyAdvertisement,
  type ModelReport,
  type SealedShare,
  type SurvivorAck,
  type UploadCommitment,
} from "@chorus/aggregation";
import type { Handover, ModelRequest } from "@chorus/aggregation/he";
import type * as participant from "@chorus/proto/v1/participant";
import type * as types from "@chorus/proto/v1/types";
import { ClientError } from "../error.ts";
import { bytesOf, exactly, readEmptyOrHash, readHash, readId } from "./fields.ts";

// What participants say to each other through the coordinator. All of it throws ClientError `protocol` for what is malformed.

/** Reads an advertisement; one of an encrypted round has a commitment to its contribution to the key. */
export function readKeys(keys: types.KeyAdvertisement): KeyAdvertisement {
  const advertisement = {
    participantId: readId(keys.participantId),
    encryptionKey: exactly(keys.encryptionKey, 32, "encryption key"),
    maskKey: exactly(keys.maskKey, 32, "mask key"),
    selfMaskCommitment: exactly(keys.selfMaskCommitment, 32, "self-mask commitment"),
    graphNonce: exactly(keys.graphNonce, GRAPH_NONCE_BYTES, "graph nonce"),
    signature: exactly(keys.signature, 64, "signature"),
  };
  if (keys.keyCommitment.length === 0) return advertisement;
  return { ...advertisement, keyCommitment: exactly(keys.keyCommitment, 32, "key commitment") };
}

/** An advertisement as it travels. */
export function keysMessage(keys: KeyAdvertisement): types.KeyAdvertisement {
  return { ...keys, keyCommitment: keys.keyCommitment ?? new Uint8Array() };
}

/** Bytes of a sealed share, and of one with a contribution to an encrypted round's key. */
const SHARE_BYTES = [80, 112];

/** Reads a sealed share; which of the two lengths a round has is for whoever opens it to say. */
export function readShare({ from, to, ciphertext }: types.SealedShare): SealedShare {
  if (!SHARE_BYTES.includes(ciphertext.length)) {
    const got = `sealed share has ${ciphertext.length} bytes`;
    throw new ClientError("protocol", `${got}, wanted ${SHARE_BYTES.join(" or ")}`);
  }
  return { from: readId(from), to: readId(to), ciphertext: new Uint8Array(ciphertext) };
}

/** Reads a signed upload. */
export function readUpload(upload: types.UploadCommitment): UploadCommitment {
  return {
    participantId: readId(upload.participantId),
    uploadRoot: exactly(upload.uploadRoot, 32, "upload root"),
    commitmentHash: exactly(upload.commitmentHash, 32, "commitment hash"),
    signature: exactly(upload.signature, 64, "signature"),
  };
}

/** Reads a survivor's signature. */
export function readAck(ack: types.SurvivorAck): SurvivorAck {
  return {
    participantId: readId(ack.participantId),
    signature: exactly(ack.signature, 64, "signature"),
  };
}

/** Reads what a survivor has made of an encrypted sum. */
export function readReport(report: types.ModelReport): ModelReport {
  const { counts, stateHash } = report;
  if (counts === undefined)
    throw new ClientError("protocol", "got a report of a model without counts, wanted both");
  return {
    participantId: readId(report.participantId),
    modelHash: readHash(report.modelHash, "model hash"),
    stateHash: readEmptyOrHash(stateHash, "state hash"),
    counts,
    signature: exactly(report.signature, 64, "signature"),
  };
}

/** A report as it travels. */
export function reportMessage(report: ModelReport): types.ModelReport {
  const { modelHash, stateHash } = report;
  return {
    ...report,
    modelHash: bytesOf(modelHash),
    stateHash: stateHash === "" ? new Uint8Array() : bytesOf(stateHash),
  };
}

/** Reads what somebody asks for a model with. */
export function readModelRequest(request: types.ModelRequest): ModelRequest {
  return {
    participantId: readId(request.participantId),
    identityKey: exactly(request.identityKey, 32, "identity key"),
    encryptionKey: exactly(request.encryptionKey, 32, "encryption key"),
    signature: exactly(request.signature, 64, "signature"),
  };
}

/** Reads what a sealed model comes with. */
export function readHandover(handover: participant.Handover): Handover {
  return {
    participantId: readId(handover.participantId),
    identityKey: exactly(handover.identityKey, 32, "identity key"),
    encryptionKey: exactly(handover.encryptionKey, 32, "encryption key"),
    sealedKey: exactly(handover.sealedKey, 48, "sealed key"),
    totalBytes: handover.totalBytes,
    sealedHash: readHash(handover.sha256, "SHA-256 of the sealed model"),
    signature: exactly(handover.signature, 64, "signature"),
  };
}

/** What a sealed model comes with, as it travels. */
export function handoverMessage({ sealedHash, ...rest }: Handover): participant.Handover {
  return { ...rest, sha256: bytesOf(sealedHash) };
}
