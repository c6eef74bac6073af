import {
  bytesToHex,
  GRAPH_NONCE_BYTES,
  type Hash,
  hexToBytes,
  type ParticipantId,
  sha256,
  UPLOAD_CHUNK_BYTES,
} from "@chorus/aggregation";
import type * as participant from "@chorus/proto/v1/participant";
import type * as types from "@chorus/proto/v1/types";
import { ClientError } from "./error.ts";
import type { AnswerOf } from "./session/answer.ts";
import type { Instruction, RoundOffer } from "./session/instruction.ts";

/** A piece of a model or a transcript. Not checked against its hash yet. */
export interface FilePart {
  /** Of the whole file. */
  readonly totalBytes: number;
  /** Of the first byte of `data`. */
  readonly offset: number;
  readonly data: Uint8Array;
  /** 32 bytes. */
  readonly sha256: Uint8Array;
}

/**
 * Reads an instruction; undefined for one of a kind that this version does not know. One that names its round but is
 * wrong otherwise is `malformed`. Throws {@link ClientError} `protocol` when not even the round can be read.
 */
export function readInstruction(message: participant.FollowResponse): Instruction | undefined {
  const { instruction } = message;
  if (instruction === undefined) return undefined;
  const roundId = readHash(
    instruction.$case === "train" ? instruction.value.round?.roundId : instruction.value.roundId,
    "round id",
  );
  try {
    return readBody(instruction, roundId);
  } catch (error) {
    if (error instanceof ClientError) return { kind: "malformed", roundId, error };
    throw error;
  }
}

/** Reads a piece of a file. Throws {@link ClientError} `protocol`. */
export function readFilePart(
  message: participant.DownloadModelResponse | participant.DownloadTranscriptResponse,
): FilePart {
  const { totalBytes, chunk } = message;
  if (chunk === undefined)
    throw new ClientError("protocol", "got no chunk, wanted a piece of the file");
  const { offset, data, sha256 } = chunk;
  if (data.length === 0 || data.length > UPLOAD_CHUNK_BYTES)
    throw new ClientError(
      "protocol",
      `got a chunk of ${data.length} bytes, wanted 1 to ${UPLOAD_CHUNK_BYTES}`,
    );
  return { totalBytes, offset, data, sha256: exactly(sha256, 32, "chunk's SHA-256") };
}

/** Reads the challenge of a check-in. Throws {@link ClientError} `protocol`. */
export function readChallenge(message: participant.RequestChallengeResponse): {
  challenge: Uint8Array;
  federationId: Hash;
} {
  const { federationId } = message;
  if (!/^[0-9a-f]{64}$/.test(federationId))
    throw new ClientError("protocol", "federation id is not 64 lowercase hexadecimal digits");
  return { challenge: exactly(message.challenge, 32, "challenge"), federationId };
}

export function acceptRoundRequest(
  answer: AnswerOf<"accept-round">,
): participant.AcceptRoundRequest {
  return { roundId: bytesOf(answer.roundId), planHash: bytesOf(answer.planHash) };
}

export function leaveRoundRequest(answer: AnswerOf<"leave-round">): participant.LeaveRoundRequest {
  return { roundId: bytesOf(answer.roundId), reason: answer.reason };
}

export function reportTrainedRequest(
  answer: AnswerOf<"report-trained">,
): participant.ReportTrainedRequest {
  return {
    roundId: bytesOf(answer.roundId),
    modelHash: bytesOf(answer.modelHash),
    graphNonceCommitment: bytesOf(answer.nonceCommitment),
  };
}

export function advertiseKeysRequest(
  answer: AnswerOf<"advertise-keys">,
): participant.AdvertiseKeysRequest {
  return { ...binding(answer), advertisement: answer.advertisement };
}

export function shareKeysRequest(answer: AnswerOf<"share-keys">): participant.ShareKeysRequest {
  return { ...binding(answer), sealedShares: answer.sealedShares };
}

/** The header of an upload, then its chunks in order, each made when it is asked for. */
export function* submitUpdateRequests(
  answer: AnswerOf<"submit-update">,
): Generator<participant.SubmitUpdateRequest, void, undefined> {
  const { bytes, committed } = answer;
  const { upload: commitment, commitment: vectorCommitment } = committed;
  const header = { ...binding(answer), totalBytes: bytes.length, commitment, vectorCommitment };
  yield { part: { $case: "header", value: header } };
  for (let offset = 0; offset < bytes.length; offset += UPLOAD_CHUNK_BYTES) {
    const data = bytes.subarray(offset, offset + UPLOAD_CHUNK_BYTES);
    yield { part: { $case: "chunk", value: { offset, data, sha256: sha256(data) } } };
  }
}

export function confirmSurvivorsRequest(
  answer: AnswerOf<"confirm-survivors">,
): participant.ConfirmSurvivorsRequest {
  return { ...binding(answer), ack: answer.ack };
}

export function revealSharesRequest(
  answer: AnswerOf<"reveal-shares">,
): participant.RevealSharesRequest {
  return { ...binding(answer), ...answer.shares };
}

export function downloadModelRequest(
  modelHash: Hash,
  offset: number,
): participant.DownloadModelRequest {
  return { modelHash: bytesOf(modelHash), offset };
}

export function downloadTranscriptRequest(
  roundId: Hash,
  offset: number,
): participant.DownloadTranscriptRequest {
  return { roundId: bytesOf(roundId), offset };
}

type AnyInstruction = NonNullable<participant.FollowResponse["instruction"]>;

function readBody(instruction: AnyInstruction, roundId: Hash): Instruction {
  switch (instruction.$case) {
    case "invitation":
      return { kind: "invitation", roundId, offer: readOffer(instruction.value) };
    case "train":
      return {
        kind: "train",
        roundId,
        offer: readOffer(instruction.value.round),
        remainingMs: instruction.value.remainingMs,
      };
    case "advertiseKeys":
      return { kind: "advertise-keys", roundId, roundConfig: instruction.value.roundConfig };
    case "shareKeys":
      return { kind: "share-keys", roundId, keyBook: instruction.value.keyBook.map(readKeys) };
    case "upload": {
      const sharers = instruction.value.sharers.map(readId);
      return {
        kind: "upload",
        roundId,
        sharers,
        sealedShares: instruction.value.sealedShares.map(readShare),
      };
    }
    case "confirmSurvivors":
      return {
        kind: "confirm-survivors",
        roundId,
        survivors: instruction.value.survivors.map(readUpload),
      };
    case "reveal":
      return { kind: "reveal", roundId, acks: instruction.value.acks.map(readAck) };
    case "roundEnded":
      return readEnd(instruction.value, roundId);
  }
}

function readOffer(offer: participant.Invitation | undefined): RoundOffer {
  if (offer === undefined)
    throw new ClientError("protocol", "got no invitation, wanted the round's");
  return {
    roundId: readHash(offer.roundId, "round id"),
    runId: readHash(offer.runId, "run id"),
    round: offer.round,
    plan: offer.plan,
    planHash: readHash(offer.planHash, "plan hash"),
    modelHash: readHash(offer.modelHash, "model hash"),
  };
}

/** Reads an advertisement. Throws {@link ClientError} `protocol`. */
export function readKeys(keys: types.KeyAdvertisement): types.KeyAdvertisement {
  return {
    participantId: readId(keys.participantId),
    encryptionKey: exactly(keys.encryptionKey, 32, "encryption key"),
    maskKey: exactly(keys.maskKey, 32, "mask key"),
    selfMaskCommitment: exactly(keys.selfMaskCommitment, 32, "self-mask commitment"),
    graphNonce: exactly(keys.graphNonce, GRAPH_NONCE_BYTES, "graph nonce"),
    signature: exactly(keys.signature, 64, "signature"),
  };
}

function readShare(share: types.SealedShare): types.SealedShare {
  return {
    from: readId(share.from),
    to: readId(share.to),
    ciphertext: exactly(share.ciphertext, 80, "sealed share"),
  };
}

/** Reads a signed upload. Throws {@link ClientError} `protocol`. */
export function readUpload(upload: types.UploadCommitment): types.UploadCommitment {
  return {
    participantId: readId(upload.participantId),
    uploadRoot: exactly(upload.uploadRoot, 32, "upload root"),
    commitmentHash: exactly(upload.commitmentHash, 32, "commitment hash"),
    signature: exactly(upload.signature, 64, "signature"),
  };
}

/** Reads a survivor's signature. Throws {@link ClientError} `protocol`. */
export function readAck(ack: types.SurvivorAck): types.SurvivorAck {
  return {
    participantId: readId(ack.participantId),
    signature: exactly(ack.signature, 64, "signature"),
  };
}

/** Characters of a reason that are kept: it goes to the log. */
const REASON_LENGTH = 256;

function readEnd(end: participant.RoundEnded, roundId: Hash): Instruction {
  const abandoned = end.abandoned.slice(0, REASON_LENGTH);
  const modelHash = abandoned === "" ? readHash(end.modelHash, "model hash") : "";
  return { kind: "round-ended", roundId, abandoned, modelHash };
}

function readId(id: string): ParticipantId {
  if (!/^[0-9a-f]{32}$/.test(id))
    throw new ClientError("protocol", "participant id is not 32 lowercase hexadecimal digits");
  return id;
}

function readHash(bytes: Uint8Array | undefined, what: string): Hash {
  return bytesToHex(exactly(bytes ?? new Uint8Array(), 32, what), 32);
}

/**
 * A field of a length that is known: a copy, so that the message it came in is not kept. Throws {@link ClientError}
 * `protocol`, naming `what` it is.
 */
export function exactly(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length)
    throw new ClientError("protocol", `${what} has ${bytes.length} bytes, wanted ${length}`);
  return new Uint8Array(bytes);
}

/** What every message of the masked exchange begins with. */
function binding(answer: { readonly roundId: Hash; readonly configHash: Hash }): {
  roundId: Uint8Array;
  configHash: Uint8Array;
} {
  return { roundId: bytesOf(answer.roundId), configHash: bytesOf(answer.configHash) };
}

function bytesOf(hash: Hash): Uint8Array {
  return hexToBytes(hash, 32);
}
